//! What people type into the fields of a form.

/// One field that was refused, and the sentence that says how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the field, as forms and JSON have it.
    pub field: &'static str,
    pub message: String,
}

/// Reads one line of text: trimmed, at most `max` characters, no control
/// characters.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn line(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(format!("Use at most {max} characters."));
    }
    if text.chars().any(char::is_control) {
        return Err("Leave out line breaks and control characters.".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads one line that must not be empty.
///
/// # Errors
/// As [`line`], and when nothing is left.
pub fn required_line(text: &str, max: usize, what: &str) -> Result<String, String> {
    let text = line(text, max)?;
    if text.is_empty() { Err(format!("Enter {what}.")) } else { Ok(text) }
}

/// Gathers the fields of a form: the values that could be read, and the errors
/// of those that could not.
#[derive(Debug, Default)]
pub struct Fields {
    pub errors: Vec<FieldError>,
}

impl Fields {
    /// The value of `read`, or its default with the error kept for `field`.
    pub fn take<T: Default>(&mut self, field: &'static str, read: Result<T, String>) -> T {
        read.unwrap_or_else(|message| {
            self.errors.push(FieldError { field, message });
            T::default()
        })
    }
}
