//! Limits on tokens as people set them, and who meets them.
use std::num::NonZeroU32;

use super::text::{FieldError, Fields};
use crate::oauth::limit::{Limit, MOST, Subject};

/// Who met whose limit within an hour since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Met {
    pub subject: Subject,
    pub hour: i64,
    pub client_id: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    pub refused: i64,
    /// Would have been refused.
    pub watched: i64,
}

/// Reads a limit as it was typed; `None` when neither number was.
///
/// # Errors
/// The fields that cannot be taken.
pub fn read(
    per_minute: &str,
    per_day: &str,
    watched: bool,
) -> Result<Option<Limit>, Vec<FieldError>> {
    let mut fields = Fields::default();
    let per_minute = fields.take("per_minute", number(per_minute));
    let per_day = fields.take("per_day", number(per_day));
    if !fields.errors.is_empty() {
        return Err(fields.errors);
    }
    let any = per_minute.is_some() || per_day.is_some();
    Ok(any.then_some(Limit { per_minute, per_day, watched }))
}

/// A limit in words: `60 a minute and 1000 a day`.
pub fn words(limit: &Limit) -> String {
    let minute = limit.per_minute.map(|number| format!("{number} a minute"));
    let day = limit.per_day.map(|number| format!("{number} a day"));
    let both: Vec<String> = minute.into_iter().chain(day).collect();
    both.join(" and ")
}

fn number(text: &str) -> Result<Option<NonZeroU32>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<NonZeroU32>() {
        Ok(number) if number.get() <= MOST => Ok(Some(number)),
        _ => Err(format!("Enter a whole number from 1 to {MOST}, or nothing for no limit.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_from_one_or_none() {
        assert_eq!(read("", " ", true), Ok(None));
        let limit = read("60", "1000", false).unwrap().unwrap();
        assert_eq!(words(&limit), "60 a minute and 1000 a day");
        for wrong in ["0", "-1", "1.5", "10000001", "many"] {
            assert!(read(wrong, "", false).is_err(), "{wrong}");
            assert!(read("", wrong, false).is_err(), "{wrong}");
        }
    }
}
