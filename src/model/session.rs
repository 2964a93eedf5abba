//! A session of the console, as its owner sees it in a list.
use std::collections::HashMap;

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// Whose session it is.
pub const ADMINISTRATOR: &str = "administrator";
/// When they signed in, microseconds.
pub const SIGNED_IN_AT: &str = "signed_in_at";
/// When they last proved who they are, microseconds.
pub const CONFIRMED_AT: &str = "confirmed_at";
/// Whether they proved it with a second factor.
pub const SECOND_FACTOR: &str = "second_factor";
/// Who said who they are, if it was not we: `openid`.
pub const THROUGH: &str = "through";
/// Who gave the right password and has to show more; nobody is signed in.
pub const CANDIDATE: &str = "candidate";
/// When they gave it, microseconds.
pub const CANDIDATE_SINCE: &str = "candidate_since";
/// Where they wanted to go.
pub const NEXT: &str = "next";
/// A form that was sent in vain, to be filled in again.
pub const DRAFT: &str = "draft";
/// What the session is called in a list. It opens nothing.
pub const ID: &str = "id";
/// Where its last request came from.
pub const ADDRESS: &str = "address";
/// The `User-Agent` it began with.
pub const USER_AGENT: &str = "user_agent";

/// How long somebody may take to show the second factor.
pub const CANDIDACY: Seconds = Seconds(10 * 60);

/// How long it counts that somebody proved who they are, for what is asked for
/// again.
pub const CONFIRMED: Seconds = Seconds(10 * 60);

/// How long a session lasts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a request.
    pub idle: Seconds,
    /// In any case.
    pub longest: Seconds,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `ses_` and a ULID.
    pub id: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub signed_in_at: UnixTime,
    pub last_seen_at: UnixTime,
}

impl Session {
    /// Reads the stored state of a session that ends at `expires_at` when no
    /// request comes. `None` when nobody is signed in in it, or no more.
    pub fn read(state: &str, expires_at: UnixTime, limits: Limits, now: UnixTime) -> Option<Self> {
        let state: HashMap<String, String> = serde_json::from_str(state).ok()?;
        // Each value is a JSON text of its own.
        let text = |name: &str| -> Option<String> { serde_json::from_str(state.get(name)?).ok() };
        let at: i64 = serde_json::from_str(state.get(SIGNED_IN_AT)?).ok()?;
        let signed_in_at = UnixTime(at);
        let is_over = expires_at <= now || signed_in_at + limits.longest <= now;
        (!is_over).then(|| Self {
            id: text(ID).unwrap_or_default(),
            address: text(ADDRESS),
            user_agent: text(USER_AGENT),
            signed_in_at,
            last_seen_at: UnixTime(expires_at.0 - limits.idle.0 * 1_000_000).max(signed_in_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);
    const LIMITS: Limits = Limits { idle: Seconds(1_800), longest: Seconds(43_200) };

    fn state(signed_in_at: UnixTime) -> String {
        format!(
            r#"{{"id":"\"ses_1\"","address":"\"192.0.2.1\"","signed_in_at":"{}"}}"#,
            signed_in_at.0
        )
    }

    #[test]
    fn a_session_says_where_it_is_and_when_it_was_seen() {
        let read = Session::read(&state(NOW), NOW + Seconds(1_860), LIMITS, NOW + Seconds(90));
        let session = read.unwrap();
        assert_eq!((session.id.as_str(), session.address.as_deref()), ("ses_1", Some("192.0.2.1")));
        assert_eq!(session.last_seen_at, NOW + Seconds(60));
        assert_eq!(session.user_agent, None);
    }

    #[test]
    fn a_session_that_is_over_or_of_nobody_is_none() {
        let late = NOW + Seconds(43_200);
        assert_eq!(Session::read(&state(NOW), late + Seconds(9), LIMITS, late), None);
        assert_eq!(Session::read(&state(NOW), NOW, LIMITS, NOW), None);
        assert_eq!(Session::read("{}", late, LIMITS, NOW), None);
        assert_eq!(Session::read("not JSON", late, LIMITS, NOW), None);
    }
}
