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
        let days = match days.trim() {
            "" => Ok(None),
            text => match text.parse::<i64>() {
                Ok(days) if (1..=3_650).contains(&days) => Ok(Some(Seconds::days(days))),
                _ => Err("Enter whole days from 1 to 3650, or nothing for no end.".to_owned()),
            },
        };
        let secret = Self {
            name: fields.take("name", text::required_line(name, 60, "a name")),
            lifetime: fields.take("expires_in_days", days),
        };
        if fields.errors.is_empty() { Ok(secret) } else { Err(fields.errors) }
    }
}
