//! One row of the log.
use super::act::Act;
use super::fold::Alike;
use super::names::Names;
use super::words;
use crate::console::line;
use crate::console::moment::Moment;
use crate::model::audit_event::{AccessFacts, Event, Outcome, TokenFacts};
use crate::oauth::UnixTime;
use crate::text;
use crate::texts::{Text, en};

/// The most scopes that a row names.
const SCOPES: usize = 12;

pub struct Entry {
    pub id: String,
    pub at: Moment,
    pub clock: String,
    /// When it was not today.
    pub date: Option<Text>,
    /// `clear` or `danger`.
    pub aspect: &'static str,
    pub outcome: &'static str,
    pub what: What,
    /// Why it was refused, or that it stands for others.
    pub note: Text,
    pub secret: Text,
    pub address: String,
    pub is_open: bool,
    /// When it stands for others.
    pub alike: Option<Alike>,
}

pub enum What {
    Token(Call),
    Act(Box<Act>),
}

/// Who asked for which scopes of which APIs.
pub struct Call {
    pub who: Text,
    /// When there is such an application.
    pub href: Option<String>,
    pub resources: Vec<Line>,
    pub scopes: Vec<Asked>,
    pub more_scopes: usize,
}

pub struct Line {
    pub name: String,
    /// Empty when there is no such API.
    pub class: &'static str,
}

pub struct Asked {
    pub name: String,
    pub is_refused: bool,
}

impl Entry {
    pub fn new(event: &Event, names: &Names, now: UnixTime) -> Self {
        let at = UnixTime(event.at);
        let date = Moment::date(at);
        let is_token = event.category() == "token";
        let what = if is_token || event.access.is_some() {
            What::Token(call(event, names))
        } else {
            What::Act(Box::new(Act::new(event)))
        };
        let secret = match names.secret(event) {
            Some(name) => Text::data(name),
            None if is_token => text!("none"),
            None => Text::default(),
        };
        Self {
            id: event.id.clone(),
            at: Moment::new(at, now),
            clock: Moment::clock(at),
            date: (date != Moment::date(now)).then_some(date),
            aspect: if event.outcome == Outcome::Success { "clear" } else { "danger" },
            outcome: outcome(event),
            what,
            note: note(event, names),
            secret,
            address: event.source.address.clone().unwrap_or_default(),
            is_open: false,
            alike: None,
        }
    }

    /// What the link to the rest is called.
    pub fn link(&self) -> &'static str {
        match (&self.what, self.aspect) {
            _ if self.is_open => en("Close"),
            (What::Token(_), "danger") => en("Why?"),
            _ => en("Details"),
        }
    }

    /// Whose row this is, for who cannot see it.
    pub fn who(&self) -> &Text {
        match &self.what {
            What::Token(call) => &call.who,
            What::Act(act) => &act.who,
        }
    }
}

pub fn outcome(event: &Event) -> &'static str {
    match (event.outcome, event.category()) {
        (Outcome::Success, "token") if event.code == "token.revoked" => en("Revoked"),
        (Outcome::Success, "token") => en("Issued"),
        (Outcome::Success, "access") => en("Passed"),
        (Outcome::Success, _) => en("Done"),
        (Outcome::Denied, _) => en("Refused"),
        (Outcome::Error, _) => en("Failed"),
    }
}

/// The application by its name, or the client id as it was sent.
pub fn who(event: &Event, names: &Names) -> Text {
    match &event.client_id {
        Some(client_id) => Text::data(names.application(client_id).unwrap_or(client_id)),
        None if event.flood.is_some() => text!("Whatever client IDs"),
        None if event.access.is_some() => text!("No token of ours"),
        None => text!("No client named"),
    }
}

/// The scopes that were refused, where the log knows which.
pub fn refused_scopes(event: &Event) -> Vec<&str> {
    let scopes = event.token.as_ref().and_then(|facts| facts.scope_refused.as_deref());
    scopes.map(|scopes| scopes.split(' ').collect()).unwrap_or_default()
}

fn call(event: &Event, names: &Names) -> Call {
    let none = TokenFacts::default();
    let facts = event.token.as_ref().unwrap_or(&none);
    let refused = refused_scopes(event);
    let asked = facts.scope_granted.as_ref().or(facts.scope_requested.as_ref());
    let all: Vec<&str> = asked.map(|text| text.split_whitespace().collect()).unwrap_or_default();
    let scope =
        |name: &&str| Asked { name: (*name).to_owned(), is_refused: refused.contains(name) };
    let known = event.client_id.as_ref().filter(|id| names.application(id).is_some());
    let line = |identifier: &String| Line {
        name: names.resource(identifier).to_owned(),
        class: if names.has_resource(identifier) { line::class(identifier) } else { "" },
    };
    Call {
        who: who(event, names),
        href: known.map(|client_id| format!("/applications/{client_id}")),
        resources: facts
            .resource
            .iter()
            .chain(event.access.as_ref().and_then(|access| access.resource.as_ref()))
            .map(line)
            .collect(),
        scopes: all.iter().take(SCOPES).map(scope).collect(),
        more_scopes: all.len().saturating_sub(SCOPES),
    }
}

fn note(event: &Event, names: &Names) -> Text {
    let reason = event.reason.as_deref().map(words::reason).unwrap_or_default();
    if let Some(facts) = &event.access {
        return access(facts, reason, names);
    }
    let count = event.flood.as_ref().map(|flood| text!("{n} alike counted", n = flood.count));
    let parts = [Text::new(words::asked(&event.code)), Text::looked_up(reason)];
    Text::joined(parts.into_iter().chain(count), ", ")
}

/// `Revoked, GET /invoices/{id}, 30 times`.
fn access(facts: &AccessFacts, reason: &str, names: &Names) -> Text {
    let of_caller = |caller: &String| {
        text!("introspected by {caller}", caller = names.application(caller).unwrap_or(caller))
    };
    let route = match (&facts.method, &facts.route) {
        (Some(method), Some(route)) => Some(Text::data(format!("{method} {route}"))),
        _ => facts.caller.as_ref().map(of_caller),
    };
    let times = facts.count.map(|count| text!(count => "once", "{n} times"));
    Text::joined([Some(Text::looked_up(reason)), route, times].into_iter().flatten(), ", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{FloodFacts, Mark};

    fn event(asked: &str, refused: &str) -> Event {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(0), "token.denied", Outcome::Denied);
        event.reason = Some("scope_not_granted".into());
        event.token = Some(TokenFacts {
            scope_requested: Some(asked.to_owned()),
            scope_refused: Some(refused.to_owned()),
            ..TokenFacts::default()
        });
        event
    }

    #[test]
    fn the_scopes_that_were_refused_are_told_from_the_others() {
        let event = event("a b c", "a c");
        let entry = Entry::new(&event, &Names::default(), UnixTime(0));
        let What::Token(call) = entry.what else { panic!("an act") };
        let refused: Vec<_> = call.scopes.iter().map(|scope| scope.is_refused).collect();
        assert_eq!(refused, [true, false, true]);
    }

    #[test]
    fn an_access_says_by_which_route_and_how_often() {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(0), "access.counted", Outcome::Denied);
        event.reason = Some("scope_missing".into());
        event.access = Some(AccessFacts {
            method: Some("GET".into()),
            route: Some("/invoices/{id}".into()),
            count: Some(30),
            ..AccessFacts::default()
        });
        let said = note(&event, &Names::default());
        assert_eq!(said, "Scope of the route missing, GET /invoices/{id}, 30 times");
        assert_eq!(who(&event, &Names::default()), "No token of ours");
    }

    #[test]
    fn what_stands_for_others_says_how_many() {
        let mut event = event("a", "a");
        event.flood = Some(FloodFacts { count: 80, first_at: 0, last_at: 1, samples: Vec::new() });
        assert_eq!(note(&event, &Names::default()), "Scope not granted, 80 alike counted");
    }
}
