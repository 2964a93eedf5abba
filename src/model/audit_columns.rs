//! The columns beside a row's body: copies of parts of it, to search by.
use std::sync::LazyLock;

use memchr::memchr2;
use memchr::memmem::Finder;

use super::audit_event::Event;

/// The copies that a row has.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    pub id: &'a str,
    pub at: i64,
    pub category: &'a str,
    pub code: &'a str,
    pub outcome: &'a str,
    pub reason: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub resource: Option<&'a str>,
}

impl Columns<'_> {
    /// Whether they say what `body` says, of which the hash is checked by whoever
    /// asks.
    pub fn agree(&self, body: &str) -> bool {
        self.stand_in(body).is_some() || self.are_those_of(body)
    }

    /// The same, seen without parsing: most rows are plain, and hashing them is
    /// cheaper than parsing. `None` says nothing. The body is what our own code
    /// wrote or its hash is wrong, so keys stand in their order, and a quote
    /// within a text has a backslash before it.
    fn stand_in(&self, body: &str) -> Option<()> {
        let more = [self.reason, self.client_id, self.resource];
        let texts = [self.id, self.code, self.outcome];
        // A column with a quote could be a piece of the body with its own quotes.
        let plain = |text: &str| memchr2(b'"', b'\\', text.as_bytes()).is_none();
        if !texts.into_iter().chain(more.into_iter().flatten()).all(plain) {
            return None;
        }
        let rest = body.strip_prefix(r#"{"v":1,"id":""#)?.strip_prefix(self.id)?;
        let rest = rest.strip_prefix(r#"","at":"#)?;
        let (at, rest) = rest.split_at(rest.find(',')?);
        if at.parse() != Ok(self.at) {
            return None;
        }
        let rest = rest.strip_prefix(r#","code":""#)?.strip_prefix(self.code)?;
        let rest = rest.strip_prefix(r#"","outcome":""#)?.strip_prefix(self.outcome)?;
        let rest = rest.strip_prefix('"')?;
        let rest = match self.reason {
            Some(reason) => {
                rest.strip_prefix(r#","reason":""#)?.strip_prefix(reason)?.strip_prefix('"')?
            }
            None => rest,
        };
        let rest = rest.strip_prefix(r#","actor":{"#)?;
        if self.code.split('.').next() != Some(self.category) || has(rest, &ACCESS) {
            return None;
        }
        let is_told = |key, before: &str, value: Option<&str>, after: &str| match value {
            None => !has(rest, key),
            Some(value) => behind(rest, key)
                .and_then(|rest| rest.strip_prefix(before)?.strip_prefix(value))
                .is_some_and(|rest| rest.starts_with(after)),
        };
        (is_told(&CLIENT_ID, "\"", self.client_id, "\"")
            && is_told(&RESOURCE, "[\"", self.resource, "\"]"))
        .then_some(())
    }

    fn are_those_of(&self, body: &str) -> bool {
        serde_json::from_str::<Event>(body).is_ok_and(|event| {
            self.id == event.id
                && self.at == event.at
                && self.category == event.category()
                && self.code == event.code
                && self.outcome == event.outcome.as_str()
                && self.reason == event.reason.as_deref()
                && self.client_id == event.client_id.as_deref()
                && self.resource == event.resource().as_deref()
        })
    }
}

type Key = LazyLock<Finder<'static>>;

static ACCESS: Key = LazyLock::new(|| Finder::new(r#","access":{"#));
static CLIENT_ID: Key = LazyLock::new(|| Finder::new(r#","client_id":"#));
static RESOURCE: Key = LazyLock::new(|| Finder::new(r#""resource":"#));

fn has(text: &str, key: &Key) -> bool {
    key.find(text.as_bytes()).is_some()
}

/// What comes after `key`.
fn behind<'a>(text: &'a str, key: &Key) -> Option<&'a str> {
    let at = key.find(text.as_bytes())?;
    text.get(at + key.needle().len()..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{AccessFacts, Mark, Outcome, TokenFacts};
    use crate::oauth::UnixTime;

    fn event() -> Event {
        let mark = Mark { id: "01K".into(), salt: [1; 16] };
        let mut event = Event::new(mark, UnixTime(5), "token.denied", Outcome::Denied);
        event.reason = Some("bad_secret".into());
        event.client_id = Some("m2m_1".into());
        let resource = vec!["https://a.example".to_owned()];
        event.token = Some(TokenFacts { resource, ..TokenFacts::default() });
        event
    }

    fn agrees(event: &Event, change: impl FnOnce(&mut Columns<'_>)) -> bool {
        let resource = event.resource();
        let mut columns = Columns {
            id: &event.id,
            at: event.at,
            category: event.category(),
            code: &event.code,
            outcome: event.outcome.as_str(),
            reason: event.reason.as_deref(),
            client_id: event.client_id.as_deref(),
            resource: resource.as_deref(),
        };
        change(&mut columns);
        columns.agree(&event.body())
    }

    #[test]
    fn columns_that_say_what_the_body_says_agree_plain_or_not() {
        let plain = event();
        assert!(agrees(&plain, |_| {}));
        let mut several = event();
        several.token.as_mut().unwrap().resource.push("https://b.example".into());
        let quoted = Event { client_id: Some("say \"x\"".into()), ..event() };
        let access = Some(AccessFacts { resource: Some("r".into()), ..AccessFacts::default() });
        let accessed = Event { access, token: None, ..event() };
        let bare = Event { token: None, client_id: None, reason: None, ..event() };
        for event in [several, quoted, accessed, bare] {
            assert!(agrees(&event, |_| {}), "{event:?}");
        }
    }

    #[test]
    fn a_column_that_says_something_else_does_not() {
        let event = event();
        let changes: [fn(&mut Columns<'_>); 14] = [
            |c| c.id = "01J",
            |c| c.id = "01",
            |c| c.at = 6,
            |c| c.category = "access",
            |c| c.code = "token.issued",
            |c| c.outcome = "success",
            |c| c.outcome = "denied\",\"reason\":\"bad_secret",
            |c| c.reason = None,
            |c| c.reason = Some("bad_secre"),
            |c| c.client_id = None,
            |c| c.client_id = Some("m2m_"),
            |c| c.resource = None,
            |c| c.resource = Some("https://a.exampl"),
            |c| c.resource = Some(""),
        ];
        for (n, change) in changes.into_iter().enumerate() {
            assert!(!agrees(&event, change), "change {n}");
        }
        let bare = Event { token: None, client_id: None, reason: None, ..event };
        assert!(!agrees(&bare, |c| c.client_id = Some("")));
        assert!(!agrees(&bare, |c| c.resource = Some("")));
        assert!(!agrees(&bare, |c| c.reason = Some("")));
    }
}
