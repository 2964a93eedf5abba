//! Texts as words of a shell and of programming languages.
//!
//! Identifiers and scopes may hold `$`, quotes, backquotes and semicolons: who
//! pastes a sample must not run what an API is called.

/// `-d name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub option: &'static str,
    pub name: &'static str,
    /// Quoted where the shell needs it.
    pub value: String,
}

impl Parameter {
    pub fn new(name: &'static str, value: &str) -> Self {
        let option = if value.bytes().all(is_plain) { "-d" } else { "--data-urlencode" };
        Self { option, name, value: shell(value) }
    }
}

/// `text` as one word of a shell, to the letter.
pub fn shell(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `text` as a string of Python, JavaScript, Go, Java and C#: what JSON allows
/// is allowed in all of them.
pub fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `text` as a string of Rust.
pub fn rust(text: &str) -> String {
    format!("{text:?}")
}

/// Means itself both to a shell and in a form.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/' | b':' | b'@' | b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_or_a_form_would_read_is_quoted() {
        let plain = Parameter::new("resource", "https://api.example.com/billing");
        assert_eq!((plain.option, plain.value.as_str()), ("-d", "https://api.example.com/billing"));
        let two = Parameter::new("scope", "a:read a:write");
        assert_eq!((two.option, two.value.as_str()), ("--data-urlencode", "'a:read a:write'"));
        for (text, word) in [
            ("https://a/$(id)", "'https://a/$(id)'"),
            ("`id`", "'`id`'"),
            ("a;b&c", "'a;b&c'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("a!b", "'a!b'"),
            ("", "''"),
        ] {
            assert_eq!(shell(text), word);
        }
        assert_eq!(Parameter::new("scope", "a+b%20").option, "--data-urlencode");
    }
}
