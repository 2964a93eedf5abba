//! Reads GNU gettext's `.po`. Strict: a line that is not understood is an error,
//! not a translation that is silently not there.

/// A message and its translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins, from 1.
    pub line: usize,
    pub is_fuzzy: bool,
    pub context: String,
    pub id: String,
    pub id_plural: Option<String>,
    /// `msgstr`, or `msgstr[0]` and on.
    pub forms: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Context,
    Id,
    IdPlural,
    Form(usize),
}

#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    entry: Entry,
    field: Option<Field>,
}

/// # Errors
/// The first line that cannot be read.
pub fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut reader = Reader::default();
    let text = text.trim_start_matches('\u{feff}');
    let mut last = 0;
    for (number, line) in (1..).zip(text.lines()) {
        last = number;
        reader.line(number, line.trim()).map_err(|why| format!("line {number}: {why}"))?;
    }
    reader.finish().map_err(|why| format!("line {last}: {why}"))?;
    Ok(reader.entries)
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            // What follows belongs to the next message.
            if matches!(self.field, Some(Field::Form(_))) {
                self.finish()?;
            }
            self.entry.is_fuzzy |= line.starts_with("#,") && line.contains("fuzzy");
            return Ok(());
        }
        if line.starts_with('"') {
            let field = self.field.ok_or("a text that belongs to nothing")?;
            return self.push(field, &quoted(line)?);
        }
        let (word, text) = line.split_once(char::is_whitespace).ok_or("there is no text")?;
        let (field, text) = (field(word)?, quoted(text.trim())?);
        let begins = match field {
            Field::Context => true,
            Field::Id => self.field != Some(Field::Context),
            Field::IdPlural | Field::Form(_) => false,
        };
        if begins {
            self.finish()?;
            self.entry.line = number;
        }
        self.field = Some(field);
        self.push(field, &text)
    }

    fn push(&mut self, field: Field, text: &str) -> Result<(), String> {
        let entry = &mut self.entry;
        match field {
            Field::Context => entry.context.push_str(text),
            Field::Id => entry.id.push_str(text),
            Field::IdPlural => entry.id_plural.get_or_insert_default().push_str(text),
            Field::Form(place) => {
                if place == entry.forms.len() {
                    entry.forms.push(String::new());
                }
                let last = place + 1 == entry.forms.len();
                let form = entry.forms.last_mut().filter(|_| last);
                form.ok_or("the forms are not in their order")?.push_str(text);
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        match self.field.take() {
            None => {}
            Some(Field::Form(_)) => self.entries.push(std::mem::take(&mut self.entry)),
            Some(_) => return Err("the message before has no msgstr".to_owned()),
        }
        Ok(())
    }
}

fn field(word: &str) -> Result<Field, String> {
    let form = word.strip_prefix("msgstr[").and_then(|rest| rest.strip_suffix(']'));
    match (word, form.map(str::parse)) {
        ("msgctxt", _) => Ok(Field::Context),
        ("msgid", _) => Ok(Field::Id),
        ("msgid_plural", _) => Ok(Field::IdPlural),
        ("msgstr", _) => Ok(Field::Form(0)),
        (_, Some(Ok(place))) => Ok(Field::Form(place)),
        _ => Err(format!("{word} is no word of a .po file")),
    }
}

/// What stands between quotes.
fn quoted(text: &str) -> Result<String, String> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let mut chars = inner.ok_or("a text must stand in quotes")?.chars();
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        let plain_char = match c {
            '"' => return Err("a quote within a text needs a backslash".to_owned()),
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(c @ ('"' | '\\')) => c,
                _ => return Err("a backslash that stands for nothing".to_owned()),
            },
            c => c,
        };
        plain.push(plain_char);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_with_and_without_a_line_between() {
        let text = "\u{feff}# of somebody\n#\n#, fuzzy\nmsgctxt \"c\"\nmsgid \"a\"\n\"b\\n\"\n\
                    msgstr \"\"\n\"x \\\"y\\\"\"\nmsgid \"one\"\nmsgid_plural \"many\"\n\
                    msgstr[0] \"1\"\nmsgstr[1] \"2\"\n#~ msgid \"old\"\n";
        let read = entries(text).expect("entries");
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].context.as_str(), read[0].id.as_str()), ("c", "ab\n"));
        assert!(read[0].is_fuzzy && !read[1].is_fuzzy);
        assert_eq!(read[0].forms, ["x \"y\""]);
        assert_eq!(read[1].id_plural.as_deref(), Some("many"));
        assert_eq!((read[1].forms.len(), read[1].line), (2, 9));
    }

    #[test]
    fn what_is_no_po_file_is_refused_with_its_line() {
        for text in [
            "\"a\"",
            "msgid",
            "msgid \"",
            "msgid \"a\"",
            "msgid \"a\"\nmsgid \"b\"\nmsgstr \"c\"",
            "msgid \"a\" msgstr",
            "msgid \"a\\q\"\nmsgstr \"\"",
            "msgid \"a\"\nmsgstr[1] \"b\"",
            "msgid \"a\"\nmsgstr[x] \"b\"",
            "<html>",
            "msgid \"a\"b\"\nmsgstr \"\"",
        ] {
            let error = entries(text).expect_err(text);
            assert!(error.starts_with("line "), "{text}: {error}");
        }
    }
}
