//! The command that gets a token, as text for a shell. Pure.
//!
//! Identifiers and scopes may hold `$`, backquotes and semicolons: whoever
//! pastes the command must not run what an API is called.
use super::show::Line;

/// A request for a token, ready to be pasted.
#[derive(Clone, Debug)]
pub struct Sample {
    pub token_url: String,
    pub parameters: Vec<Parameter>,
}

/// `-d name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub option: &'static str,
    pub name: &'static str,
    /// Quoted where the shell needs it.
    pub value: String,
}

/// Above this many scopes the sample names none, and gets them all.
const MOST_SCOPES: usize = 20;

impl Sample {
    /// Asks for what is granted at the first API; `None` without access.
    pub fn new(token_url: &str, access: &[Line]) -> Option<Self> {
        let line = access.first()?;
        let mut parameters = vec![Parameter::new("resource", &line.grant.resource_identifier)];
        if (1..=MOST_SCOPES).contains(&line.stops.len()) {
            parameters.push(Parameter::new("scope", &line.stops.join(" ")));
        }
        Some(Self { token_url: quoted(token_url), parameters })
    }
}

impl Parameter {
    fn new(name: &'static str, value: &str) -> Self {
        let option = if value.bytes().all(is_plain) { "-d" } else { "--data-urlencode" };
        Self { option, name, value: quoted(value) }
    }
}

/// `text` as one word of a shell, to the letter.
pub fn quoted(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
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
            assert_eq!(quoted(text), word);
        }
        assert_eq!(Parameter::new("scope", "a+b%20").option, "--data-urlencode");
    }
}
