//! Everything about one event.
use serde_json::json;

use super::advice::{self, Facts};
use super::diff::Diff;
use super::entry::{self, Entry, What};
use super::fate::Fate;
use super::ladder::{self, Rung};
use super::names::Names;
use super::words;
use crate::console::moment::Moment;
use crate::model::audit_event::{AccessFacts, Event, Outcome, TokenFacts};
use crate::oauth::UnixTime;
use crate::oauth::reason::Reason;
use crate::store::audit_log::StoredEvent;
use crate::text;
use crate::texts::{Text, en};

pub struct Detail {
    pub title: &'static str,
    /// Empty for what needs no words.
    pub why: Text,
    pub mend: &'static str,
    pub rungs: Vec<Rung>,
    /// What the caller got.
    pub response: Option<String>,
    pub facts: Vec<Fact>,
    pub changes: Vec<Diff>,
    pub is_access: bool,
    /// Ids of requests that were counted and not written.
    pub samples: Vec<String>,
    /// The client id and the name of the application, when there is one.
    pub application: Option<(String, String)>,
    /// Whether the answer may lie in what it was granted.
    pub concerns_access: bool,
    /// The log, narrowed to what is like this.
    pub alike: Option<String>,
    /// The token tester, filled in with the same request.
    pub again: Option<String>,
    /// The page of the revocation that this made.
    pub revocation: Option<String>,
    /// Of a token: what has become of it.
    pub fate: Option<Fate>,
}

/// One line of what is known.
pub struct Fact {
    pub name: &'static str,
    pub value: Text,
    pub is_code: bool,
}

impl Detail {
    pub fn new(stored: &StoredEvent, event: &Event, names: &Names, now: UnixTime) -> Self {
        // Nothing is left of what was checked.
        let has_checks = event.category() == "token" && !event.is_redacted();
        let reason = event.reason.as_deref().and_then(Reason::parse);
        let refused = event.outcome != Outcome::Success;
        let application = event.client_id.as_ref().and_then(|client_id| {
            Some((client_id.clone(), names.application(client_id)?.to_owned()))
        });
        Self {
            title: title(event),
            why: why(event, names, reason),
            mend: reason.map_or("", advice::mend),
            rungs: if has_checks { ladder::rungs(event, names) } else { Vec::new() },
            response: event.token.as_ref().map(|facts| response(event, facts)),
            facts: facts(stored, event, names, now),
            changes: Diff::all(&event.changes),
            is_access: event.access.is_some(),
            samples: event.flood.as_ref().map(|flood| flood.samples.clone()).unwrap_or_default(),
            concerns_access: application.is_some() && reason.is_some_and(advice::concerns_access),
            application,
            alike: refused.then(|| alike(event)),
            again: again(event),
            revocation: None,
            fate: None,
        }
    }
}

fn title(event: &Event) -> &'static str {
    match (event.category(), event.outcome) {
        ("token", Outcome::Success) if event.code == "token.revoked" => en("What was revoked"),
        ("token", Outcome::Success) => en("What was issued"),
        ("token", Outcome::Denied) => en("Why this was refused"),
        ("token", Outcome::Error) => en("Why this failed"),
        ("access", Outcome::Success) => en("What was let through"),
        ("access", _) => en("What was refused"),
        (_, Outcome::Success) => en("What was done"),
        (_, _) => en("What was tried"),
    }
}

fn why(event: &Event, names: &Names, reason: Option<Reason>) -> Text {
    let mut sentences = Vec::new();
    if let Some(flood) = &event.flood {
        sentences.push(text!(
            "{n} requests like this came within a minute. They were counted and not written out \
             one by one.",
            n = flood.count
        ));
    }
    if let Some(reason) = reason {
        sentences.push(refusal(event, names, reason));
    } else if let Some(access) = &event.access {
        if access.count.is_some() {
            sentences.push(text!("Accesses alike were counted by the minute."));
        }
    } else if event.category() != "token" {
        sentences.push(sentence(event, names));
    } else if event.code == "token.revoked" {
        let client = entry::who(event, names);
        sentences.push(text!("{client} ended a token of its own.", client));
    }
    Text::joined(sentences, " ")
}

/// An act, and why it was refused when it was.
fn sentence(event: &Event, names: &Names) -> Text {
    let entry = Entry::new(event, names, UnixTime(event.at));
    let What::Act(act) = entry.what else { return Text::default() };
    let name = act.name.map(Text::data);
    let act = Text::joined([act.who, act.did].into_iter().chain(name), " ");
    let why = event.reason.as_deref().map(words::reason).map(Text::looked_up);
    match (why, event.detail.as_deref()) {
        (Some(why), Some(detail)) => text!("{act}: {why}, {detail}.", act, why, detail),
        (Some(why), None) => text!("{act}: {why}.", act, why),
        _ => text!("{act}.", act),
    }
}

pub fn refusal(event: &Event, names: &Names, reason: Reason) -> Text {
    let none = TokenFacts::default();
    let facts = event.token.as_ref().unwrap_or(&none);
    let named: Vec<&str> = facts.resource.iter().map(|id| names.resource(id)).collect();
    let refused = entry::refused_scopes(event);
    let scopes = match (refused.as_slice(), facts.scope_requested.as_deref()) {
        ([], Some(asked)) => Text::data(asked),
        ([], None) => text!("every scope it holds"),
        (refused, _) => Text::data(refused.join(", ")),
    };
    let client = match event.client_id {
        Some(_) => entry::who(event, names),
        None if reason == Reason::UnknownClient => text!("that was sent"),
        None => text!("The client"),
    };
    advice::why(
        reason,
        Facts {
            client,
            secret: names.secret(event).map_or_else(|| text!("a secret"), Text::data),
            resources: match named.as_slice() {
                [] => text!("an API"),
                named => Text::data(named.join(", ")),
            },
            scopes,
        },
    )
}

/// What went over the wire, without the token: that is never kept.
fn response(event: &Event, facts: &TokenFacts) -> String {
    let body = match &facts.oauth_error {
        Some(error) => json!({ "error": error }),
        None if event.code == "token.revoked" => {
            return format!("{} and no body", facts.http_status);
        }
        None => json!({
            "access_token": "…",
            "token_type": "Bearer",
            "expires_in": facts.exp.map(|exp| exp - UnixTime(event.at).seconds()),
            "scope": facts.scope_granted,
        }),
    };
    format!("{} {body}", facts.http_status)
}

/// A request for a token, to be tried again.
fn again(event: &Event) -> Option<String> {
    let asks = event.category() == "token" && words::asked(&event.code).is_empty();
    let (client_id, token) = (event.client_id.as_ref()?, event.token.as_ref().filter(|_| asks)?);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("application", client_id)
        .append_pair("api", &token.resource.join(" "))
        .append_pair("scope", token.scope_requested.as_deref().unwrap_or_default())
        .finish();
    Some(format!("/tester?{query}"))
}

/// The log, narrowed to refusals of this application for this reason.
fn alike(event: &Event) -> String {
    super::query::Query {
        outcome: "refused".to_owned(),
        application: event.client_id.clone().unwrap_or_default(),
        reason: event.reason.as_deref().unwrap_or_default().to_owned(),
        period: "7d".to_owned(),
        ..super::query::Query::default()
    }
    .href()
}

fn facts(stored: &StoredEvent, event: &Event, names: &Names, now: UnixTime) -> Vec<Fact> {
    let mut list = List::default();
    let at = UnixTime(event.at);
    list.text(
        en("Time"),
        text!("{date}, {clock} UTC", date = Moment::date(at), clock = Moment::clock(at)),
    );
    if let Some(flood) = &event.flood {
        let full = |at| Moment::new(UnixTime(at), now).full;
        list.text(
            en("First and last"),
            text!("{from} to {to}", from = full(flood.first_at), to = full(flood.last_at)),
        );
    }
    list.code(en("Request ID"), event.request_id.clone());
    list.code(en("Event ID"), Some(event.id.clone()));
    if event.is_redacted() {
        list.text(en("Text"), text!("redacted; a row audit.redacted says why"));
    }
    match (&event.token, &event.access) {
        (Some(token), _) => of_token(&mut list, event, token, names, now),
        (None, Some(access)) => of_access(&mut list, event, access, now),
        (None, None) => of_act(&mut list, event),
    }
    let from = [&event.source.address, &event.source.user_agent];
    let from: Vec<&str> = from.into_iter().flatten().map(String::as_str).collect();
    list.some(en("From"), (!from.is_empty()).then(|| Text::data(from.join(", "))));
    list.text(
        en("Kept as"),
        text!(
            "chain {chain}, batch {batch}, position {position}",
            chain = &stored.chain,
            batch = stored.batch,
            position = stored.position
        ),
    );
    list.0
}

fn of_access(list: &mut List, event: &Event, access: &AccessFacts, now: UnixTime) {
    list.code(en("Client ID"), event.client_id.clone());
    list.code(en("API"), access.resource.clone());
    let decided =
        if access.via == "introspection" { text!("Introspection") } else { text!("The gate") };
    list.text(en("Decided by"), decided);
    list.code(en("Asked by"), access.caller.clone());
    let route = access.method.as_ref().zip(access.route.as_ref());
    list.code(en("Route"), route.map(|(method, route)| format!("{method} {route}")));
    list.code(en("Token ID, jti"), access.jti.clone());
    list.some(en("Times"), access.count.map(|count| Text::data(count.to_string())));
    if let Some((first, last)) = access.first_at.zip(access.last_at) {
        let full = |at| Moment::new(UnixTime(at), now).full;
        list.text(
            en("First and last"),
            text!("{from} to {to}", from = full(first), to = full(last)),
        );
    }
}

fn of_token(list: &mut List, event: &Event, token: &TokenFacts, names: &Names, now: UnixTime) {
    let has_proved = event.actor.credential_id.is_some();
    let client = if has_proved { en("Client ID") } else { en("Client ID, as sent") };
    list.code(client, event.client_id.clone());
    let method = event.actor.method.as_deref().map(words::method).map(Text::looked_up);
    let ways: Vec<Text> = method.into_iter().chain(names.secret(event).map(Text::data)).collect();
    list.some(en("Authentication"), (!ways.is_empty()).then(|| Text::joined(ways, ", ")));
    list.code(en("API"), (!token.resource.is_empty()).then(|| token.resource.join(" ")));
    list.code(en("Scopes asked"), token.scope_requested.clone());
    list.code(en("Scopes granted"), token.scope_granted.clone());
    list.code(en("Token ID, jti"), token.jti.clone());
    list.code(en("Key, kid"), token.kid.clone());
    let expiry = token.exp.map(|exp| Moment::new(UnixTime::from_seconds(exp), now).full);
    list.some(en("Expires"), expiry);
    let (whole, part) = (token.duration_us / 1_000, token.duration_us % 1_000 / 100);
    list.text(en("Answered in"), Text::data(format!("{whole}.{part} ms")));
    list.some(en("Noted"), event.detail.clone().map(Text::data));
}

fn of_act(list: &mut List, event: &Event) {
    let actor = &event.actor;
    let who = [actor.name.as_deref(), actor.role.as_deref()];
    let who: Vec<&str> = who.into_iter().flatten().collect();
    list.some(en("Done by"), (!who.is_empty()).then(|| Text::data(who.join(", "))));
    list.code(en("Their ID"), actor.id.clone());
    list.some(en("By way of"), actor.method.as_deref().map(words::method).map(Text::looked_up));
    if let Some(approval) = &event.approval {
        list.some(en("Approved by"), approval.by_name.clone().map(Text::data));
        list.code(en("Request"), approval.request.clone());
        list.some(en("Done alone, because"), approval.waived.clone().map(Text::data));
    }
    list.code(en("Passkey"), actor.credential_id.clone());
    if let Some(target) = &event.target {
        let kind = Text::looked_up(words::target(&target.kind));
        let done_to = Text::joined([kind, Text::data(target.name.clone())], " ");
        list.text(en("Done to"), done_to);
        list.code(en("Its ID"), Some(target.id.clone()));
    }
    list.some(en("Reason given"), event.because.clone().map(Text::data));
    list.code(en("Client ID"), event.client_id.clone());
    list.code(en("Code"), Some(event.code.clone().into_owned()));
}

#[derive(Default)]
struct List(Vec<Fact>);

impl List {
    fn text(&mut self, name: &'static str, value: Text) {
        self.0.push(Fact { name, value, is_code: false });
    }

    fn some(&mut self, name: &'static str, value: Option<Text>) {
        self.0.extend(value.map(|value| Fact { name, value, is_code: false }));
    }

    fn code(&mut self, name: &'static str, value: Option<String>) {
        self.0.extend(value.map(|value| Fact { name, value: Text::data(value), is_code: true }));
    }
}
