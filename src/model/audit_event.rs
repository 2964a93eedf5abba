//! One thing that happened, with the fields that may be recorded of it.
//!
//! Fields are an allow-list: what has no place here cannot get into the log.
//! The JSON text of an [`Event`] is what is hashed, so fields keep their order
//! and a new one is optional and stands where it changes no older text.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::oauth::UnixTime;
use crate::oauth::access_token::StatusReference;

pub type Word = Cow<'static, str>;

/// Who an id and a salt were drawn for, before anything is known of it.
#[derive(Clone, Debug)]
pub struct Mark {
    /// A ULID: unique, and sorted by the time it was made.
    pub id: String,
    /// Makes the hash of a row say nothing about a row that was erased.
    pub salt: [u8; 16],
}

/// What stands in the place of what was redacted.
const REDACTED: &str = "redacted";

/// What happened. The token of a `token.issued` has the event's id as its
/// `jti`, and the request that asked for it has `req_` and that id.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Event {
    /// The version of this list of fields.
    pub v: u8,
    pub id: String,
    /// Microseconds since 1970 in UTC.
    pub at: i64,
    pub code: Word,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word>,
    pub actor: Actor,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The application concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenFacts>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<FloodFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessFacts>,
    /// More for an operator, in words of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    #[serde(skip)]
    pub salt: [u8; 16],
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Success,
    /// The caller's fault.
    Denied,
    /// Ours.
    Error,
}

/// Who did it, and what proved that.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Actor {
    pub kind: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Word>,
    /// How they proved it: `client_secret_basic`, `session`, `cli` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Word>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
}

/// Where it came from.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Source {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// At most 256 characters, control characters escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// What an act was done to.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Target {
    pub kind: Word,
    pub id: String,
    pub name: String,
}

/// A token request and its answer. Never the token, never a secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct TokenFacts {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_requested: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_granted: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_refused: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Word>,
    /// `NumericDate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    pub http_status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_error: Option<Word>,
    /// The index of the check that refused, see `oauth::reason::Check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_check: Option<u8>,
    /// From the first byte of the request to the decision.
    pub duration_us: u64,
    /// Where the token's status is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_list: Option<StatusReference>,
}

/// One field before and after an act. Secrets are never among them.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Change {
    pub field: Word,
    pub before: String,
    pub after: String,
}

/// Whose word besides the actor's stands for an act that takes two persons.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Approval {
    /// The id and the name of who approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Why nobody was asked: an operator did it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

/// Refusals that were counted instead of written one by one.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct FloodFacts {
    pub count: u64,
    /// Microseconds since 1970 in UTC.
    pub first_at: i64,
    pub last_at: i64,
    /// The request ids of some of them.
    pub samples: Vec<String>,
}

/// Accesses to an API that were decided on: one, or all alike of a minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct AccessFacts {
    /// `gate` or `introspection`.
    pub via: Word,
    /// The application that asked, at introspection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path of the route, not of the request: `/invoices/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Of one access: its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Microseconds since 1970 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<i64>,
}

impl Event {
    pub fn new(mark: Mark, at: UnixTime, code: &'static str, outcome: Outcome) -> Self {
        Self {
            v: 1,
            id: mark.id,
            at: at.0,
            code: Cow::Borrowed(code),
            outcome,
            reason: None,
            actor: Actor::default(),
            source: Source::default(),
            request_id: None,
            client_id: None,
            target: None,
            token: None,
            changes: Vec::new(),
            flood: None,
            access: None,
            detail: None,
            because: None,
            approval: None,
            salt: mark.salt,
        }
    }

    /// What is told of an event whose text was taken away: that it was, and what
    /// says nothing of a person.
    pub fn redacted(id: String, at: i64, code: Word, outcome: Outcome) -> Self {
        let mark = Mark { id, salt: [0; 16] };
        let mut event = Self::new(mark, UnixTime(at), "", outcome);
        event.code = code;
        event.actor.kind = REDACTED.into();
        event.detail = Some(REDACTED.to_owned());
        event
    }

    pub fn is_redacted(&self) -> bool {
        self.actor.kind == REDACTED
    }

    /// The part of the code before the first dot: `token`, `application` …
    pub fn category(&self) -> &str {
        self.code.split('.').next().unwrap_or_default()
    }

    /// The text that is stored and hashed.
    pub fn body(&self) -> String {
        // Every member is text, a number or a list of them: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The resources of the request, separated by spaces.
    pub fn resource(&self) -> Option<String> {
        if let Some(access) = &self.access {
            return access.resource.clone();
        }
        let resources = self.token.as_ref().map(|token| token.resource.as_slice())?;
        (!resources.is_empty()).then(|| resources.join(" "))
    }
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }
}

impl Source {
    /// Cuts and escapes what a caller sent as `User-Agent`.
    pub fn new(address: Option<String>, user_agent: Option<&str>) -> Self {
        Self { address, user_agent: user_agent.map(|text| printable(text, 256)) }
    }
}

/// At most `max` characters of `text`, control characters escaped: what a
/// caller sends must not be able to write lines of its own into a log.
pub fn printable(text: &str, max: usize) -> String {
    let mut printable = String::with_capacity(text.len().min(max));
    for c in text.chars().take(max) {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}

impl Change {
    /// The fields that are moments: in seconds since 1970, or in words of RFC 3339.
    const MOMENTS: [&str; 3] = ["expires_at", "time", "until"];

    /// Whether its sides are moments.
    pub fn is_of_moments(&self) -> bool {
        Self::MOMENTS.contains(&self.field.as_ref())
    }

    /// What one side of it says, if that is a moment.
    pub fn moment(&self, side: &str) -> Option<UnixTime> {
        let seconds = || side.parse().ok().map(UnixTime::from_seconds);
        let words = || side.parse::<jiff::Timestamp>().ok().map(|at| UnixTime(at.as_microsecond()));
        self.is_of_moments().then(|| seconds().or_else(words)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text is hashed: a change of this test is a change of every proof.
    #[test]
    fn the_text_of_an_event_is_this_and_no_other() {
        let mark = Mark { id: "01K".into(), salt: [1; 16] };
        let mut event = Event::new(mark, UnixTime(5), "token.denied", Outcome::Denied);
        event.reason = Some("bad_secret".into());
        event.actor = Actor { kind: "client".into(), ..Actor::default() };
        event.client_id = Some("m2m_1".into());
        event.token =
            Some(TokenFacts { http_status: 401, duration_us: 7, ..TokenFacts::default() });

        assert_eq!(
            event.body(),
            r#"{"v":1,"id":"01K","at":5,"code":"token.denied","outcome":"denied","reason":"bad_secret","actor":{"kind":"client"},"source":{},"client_id":"m2m_1","token":{"http_status":401,"duration_us":7}}"#
        );
        let mut read: Event = serde_json::from_str(&event.body()).unwrap();
        read.salt = event.salt;
        assert_eq!(read, event);
    }

    /// Keycloak CVE-2023-6484.
    #[test]
    fn what_a_caller_sends_cannot_write_lines_of_its_own() {
        let source = Source::new(None, Some("a\r\nb\u{1b}[0m\u{2028}c"));
        let agent = source.user_agent.unwrap();
        assert!(!agent.chars().any(char::is_control), "{agent}");
        assert!(!agent.contains('\u{2028}'));
        assert_eq!(printable(&"x".repeat(1_000), 256).len(), 256);
    }
}
