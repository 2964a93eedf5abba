//! Why somebody did something, in their words.
use super::revocation::holds_token;
use super::text;
use crate::oauth::client_secret::PREFIX;

/// The most characters of it.
pub const MOST: usize = 500;

/// One line, and no secret in it: it is kept as long as the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because(String);

impl Because {
    /// Reads what was typed; `None`: nothing was.
    ///
    /// # Errors
    /// The sentence for the person who typed it.
    pub fn read(text: &str) -> Result<Option<Self>, String> {
        if holds_secret(text) {
            return Err("Leave tokens and secrets out of the reason; reasons are kept.".to_owned());
        }
        let line = text::line(text, MOST).map_err(|why| format!("The reason: {why}"))?;
        Ok(Some(Self(line)).filter(|because| !because.0.is_empty()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` holds what looks like a token or a secret of ours, which must
/// not be kept or shown.
pub fn holds_secret(text: &str) -> bool {
    holds_token(text) || text.contains(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_and_nothing_is_none() {
        assert_eq!(Because::read(" moved to Oslo ").unwrap().unwrap().as_str(), "moved to Oslo");
        assert_eq!(Because::read("  "), Ok(None));
        assert!(Because::read(&"a".repeat(MOST)).is_ok());
        assert!(Because::read(&"a".repeat(MOST + 1)).is_err());
        assert!(Because::read("two\nlines").is_err());
    }

    #[test]
    fn what_holds_a_token_or_a_secret_is_no_reason() {
        for text in [
            "leaked: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtMm0ifQ.c2ln",
            "csk_0123456789 was in the repository",
        ] {
            let sentence = Because::read(text).unwrap_err();
            assert!(sentence.contains("tokens and secrets"));
            assert!(!sentence.contains("csk_0") && !sentence.contains("eyJ"), "{sentence}");
        }
    }
}
