//! A secret of an application, without its value.
use super::text::{self, FieldError, Fields};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

#[derive(Clone, Debug)]
pub struct Secret {
    /// `sec_` and a ULID.
    pub id: String,
    pub client_id: String,
    pub name: String,
    /// Its last four characters before the checksum.
    pub hint: String,
    /// The administrator who made it.
    pub created_by: String,
    pub created_at: UnixTime,
    /// `None`: it does not expire.
    pub expires_at: Option<UnixTime>,
    pub revoked_at: Option<UnixTime>,
    /// To the minute.
    pub last_used_at: Option<UnixTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    Expired,
    Revoked,
}

/// What a new secret is called and how long it works.
#[derive(Clone, Debug, Default)]
pub struct NewSecret {
    pub name: String,
    /// `None`: until it is revoked.
    pub lifetime: Option<Seconds>,
}

/// The longest that two secrets may work side by side.
pub const LONGEST_OVERLAP: Seconds = Seconds::days(90);

/// The most days that a secret may work.
const MOST_DAYS: i64 = 3_650;

/// Reads a length such as `0`, `30m`, `24h` or `7d`.
///
/// # Errors
/// What is wrong with it, for who typed it.
pub fn read_overlap(text: &str) -> Result<Seconds, String> {
    const UNITS: [(char, Seconds); 3] =
        [('m', Seconds::MINUTE), ('h', Seconds::HOUR), ('d', Seconds::DAY)];
    let text = text.trim();
    let read = || {
        let (digits, unit) =
            UNITS.iter().find_map(|(unit, length)| Some((text.strip_suffix(*unit)?, length)))?;
        Some(Seconds(digits.parse::<u32>().ok().map(i64::from)?.checked_mul(unit.0)?))
    };
    let length = if text == "0" { Some(Seconds(0)) } else { read() };
    length.filter(|length| *length <= LONGEST_OVERLAP).ok_or_else(|| {
        "Enter 0, or a length such as 30m, 24h or 7d, of at most 90 days.".to_owned()
    })
}

/// Reads whole days from now; no days, no end.
///
/// # Errors
/// What is wrong with them, for who typed them.
pub fn read_days(text: &str) -> Result<Option<Seconds>, String> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(days) if (1..=MOST_DAYS).contains(&days) => Ok(Some(Seconds::days(days))),
            _ => Err(format!("Enter whole days from 1 to {MOST_DAYS}, or nothing for no end.")),
        },
    }
}

impl Secret {
    pub fn state(&self, now: UnixTime) -> State {
        if self.revoked_at.is_some() {
            State::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            State::Expired
        } else {
            State::Active
        }
    }
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl NewSecret {
    /// Reads a name and a lifetime in days; no days, no end.
    ///
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(name: &str, days: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let secret = Self {
            name: fields.take("name", text::required_line(name, 60, "a name")),
            lifetime: fields.take("expires_in_days", read_days(days)),
        };
        if fields.errors.is_empty() { Ok(secret) } else { Err(fields.errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_is_read_with_its_unit_and_has_a_limit() {
        let read = |text: &str| read_overlap(text).ok().map(|length| length.0);
        assert_eq!(read("0"), Some(0));
        assert_eq!(read(" 30m "), Some(1_800));
        assert_eq!(read("24h"), Some(86_400));
        assert_eq!(read("90d"), Some(90 * 86_400));
        for wrong in ["", "d", "7", "-1d", "91d", "1.5h", "24 hours", "99999999999999999999d", "7é"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
