//! Numbers that have bounds.
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Reads a whole number.
///
/// # Errors
/// The sentence that says what it must be.
pub fn within<T>(text: &str, bounds: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    match text.parse() {
        Ok(number) if bounds.contains(&number) => Ok(number),
        _ => Err(format!(
            "{text:?} is not a whole number from {} to {}",
            bounds.start(),
            bounds.end()
        )),
    }
}

/// Days, of which there are few enough not to cover the tracks of last night.
pub fn retention(text: &str) -> Result<Option<i64>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(days @ 7..=36_500) => Ok(Some(days)),
        _ => Err(format!("{text:?} is neither 0 nor a number of days from 7 to 36500")),
    }
}
