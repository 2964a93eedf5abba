//! A revocation, as administrators see it.
use super::audit_event::Event;
use super::text::{self, FieldError};
use crate::oauth::UnixTime;
use crate::oauth::revocation::{Kind, SubjectDigest};
use crate::oauth::time::Seconds;

/// One row, whatever the size of what it revokes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// `rev_` and a ULID.
    pub id: String,
    pub kind: Kind,
    /// A `jti`, a `client_id`, the id of a secret, the identifier of a
    /// resource, a `kid`; empty for everything.
    pub subject: String,
    /// The application concerned, where there is one.
    pub client_id: Option<String>,
    /// Tokens issued before this are dead. A whole second, since `iat` is one.
    pub not_before: UnixTime,
    /// When no token that it touches is left.
    pub expires_at: UnixTime,
    pub reason: String,
    pub created_by: String,
    pub created_at: UnixTime,
}

/// A revocation that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Positions become visible in their order, with gaps between them.
    pub position: i64,
    pub revocation: Revocation,
    /// `None` until it has been found out.
    pub exposure: Option<Exposure>,
}

/// A revocation that the database does not have yet, and the row of the audit
/// log that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    pub revocation: Revocation,
    pub event: Event,
}

/// What a revocation hit, and for how long it may still matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// How many tokens were living when it was made.
    pub live_tokens: u64,
    /// Until when the last of them may be accepted by an API that asks nobody:
    /// when it expires, or when a cached status list runs out. `None` when none
    /// was living.
    pub accepted_until: Option<UnixTime>,
}

/// The longest that a token can live, and what clocks may differ by.
pub const LONGEST: Seconds = Seconds(86_400 + 60);

/// How long another process may still issue before it hears of a change.
const PROPAGATION: Seconds = Seconds(1);

impl Revocation {
    /// Revokes what was issued up to now. A token asked for in the same second
    /// waits for the next one.
    pub fn of_the_past(id: String, kind: Kind, subject: &str, now: UnixTime) -> Self {
        let not_before = next_second(now);
        Self {
            id,
            kind,
            subject: subject.to_owned(),
            client_id: None,
            not_before,
            expires_at: not_before + LONGEST,
            reason: String::new(),
            created_by: String::new(),
            created_at: now,
        }
    }

    /// Revokes what was issued up to now by something that is to issue nothing
    /// any more, by processes too that have not heard of it yet.
    pub fn of_an_end(id: String, kind: Kind, subject: &str, now: UnixTime) -> Self {
        let ended = next_second(now) + PROPAGATION;
        Self {
            not_before: ended,
            expires_at: ended + LONGEST,
            ..Self::of_the_past(id, kind, subject, now)
        }
    }

    /// Revokes one token.
    pub fn of_token(id: String, jti: &str, expires_at: UnixTime, now: UnixTime) -> Self {
        Self { not_before: expires_at, expires_at, ..Self::of_the_past(id, Kind::Token, jti, now) }
    }

    /// Revokes whatever a key signed or may yet be made to sign.
    pub fn of_key(id: String, kid: &str, now: UnixTime) -> Self {
        let never = UnixTime::from_seconds(NEVER);
        Self { not_before: never, expires_at: never, ..Self::of_the_past(id, Kind::Key, kid, now) }
    }

    pub fn digest(&self) -> SubjectDigest {
        SubjectDigest::new(self.kind, &self.subject)
    }
}

/// The year 9999: a key that is out does not come back.
const NEVER: i64 = 253_402_300_799;

/// # Errors
/// The sentence for the person who typed it.
pub fn read_reason(text: &str) -> Result<String, Vec<FieldError>> {
    let error = |message| vec![FieldError { field: "reason", message }];
    if holds_token(text) {
        return Err(error("Leave the token out of the reason; reasons are kept.".to_owned()));
    }
    text::required_line(text, 300, "a reason").map_err(error)
}

/// Whether `text` holds what looks like a JWT, which must not be kept or shown
/// again.
pub fn holds_token(text: &str) -> bool {
    let not_of_it = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '='));
    text.split(not_of_it).any(|word| word.starts_with("eyJ") && word.contains('.'))
}

fn next_second(now: UnixTime) -> UnixTime {
    UnixTime::from_seconds(now.seconds() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_same_second_is_dead_and_one_of_the_next_is_not() {
        let now = UnixTime(1_700_000_000_900_000);
        let revocation = Revocation::of_the_past("rev_1".into(), Kind::Application, "m2m_1", now);
        assert_eq!(revocation.not_before.seconds(), 1_700_000_001);
        let ended = Revocation::of_an_end("rev_1".into(), Kind::Application, "m2m_1", now);
        assert_eq!(ended.not_before.seconds(), 1_700_000_002);
        assert!(ended.expires_at > ended.not_before + Seconds::DAY);
    }

    #[test]
    fn a_reason_must_not_hold_a_token() {
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln";
        for text in [token.to_owned(), format!("leaked:{token}, see chat")] {
            let errors = read_reason(&text).unwrap_err();
            assert!(!errors[0].message.contains("eyJ"));
        }
        assert_eq!(read_reason(" seen in a log ").unwrap(), "seen in a log");
    }

    #[test]
    fn a_token_is_dead_until_it_has_expired_and_a_key_for_good() {
        let now = UnixTime::from_seconds(1_000);
        let end = UnixTime::from_seconds(1_600);
        let token = Revocation::of_token("rev_1".into(), "01K", end, now);
        assert_eq!((token.not_before, token.expires_at), (end, end));
        let key = Revocation::of_key("rev_1".into(), "kid", now);
        assert!(key.not_before > now + Seconds::days(365_000));
    }
}
