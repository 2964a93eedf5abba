//! Administrative acts as sentences: who did what to what.
use super::diff::{Diff, Side};
use crate::console::revocations::record;
use crate::model::audit_event::{Change, Event};
use crate::text;
use crate::texts::{Text, en};

/// `Ada` `changed application` `billing-worker`.
pub struct Act {
    pub who: Text,
    pub did: Text,
    pub name: Option<String>,
    /// The page of what it was done to, when it has one.
    pub href: Option<String>,
    pub changes: Text,
}

impl Act {
    pub fn new(event: &Event) -> Self {
        let target = event.target.as_ref();
        Self {
            who: who(event),
            did: Text::looked_up(did(event)),
            name: target.filter(|_| !is_self(event)).map(|target| target.name.clone()),
            href: href(event),
            changes: changes(&event.changes),
        }
    }
}

/// Who did it, as one would say it.
fn who(event: &Event) -> Text {
    let name = event.actor.name.clone();
    match (event.actor.kind.as_ref(), name) {
        ("operator", Some(name)) => text!("{name}, at the command line,", name),
        ("system", _) => text!("The server"),
        ("redacted", _) => text!("Somebody, redacted,"),
        (_, Some(name)) => Text::data(name),
        ("anonymous", None) if event.category() == "administrator" => text!("Whoever had the link"),
        (_, None) => text!("Somebody"),
    }
}

fn did(event: &Event) -> &str {
    match event.code.as_ref() {
        "application.created" => en("registered application"),
        "application.deleted" => en("deleted application"),
        "application.owners_changed" => en("changed who owns application"),
        "application.removed" => en("removed for good application"),
        "application.restored" => en("restored application"),
        "application.resumed" => en("resumed application"),
        "application.suspended" => en("suspended application"),
        "application.updated" => en("changed application"),
        "exam.held" => en("examined API"),
        "grant.removed" => en("took access from application"),
        "grant.set" => en("set the access of application"),
        "import.begun" => en("began to import the applications of"),
        "import.finished" => en("imported the applications of"),
        "introspector.added" => en("let introspect tokens application"),
        "introspector.removed" => en("let introspect tokens no more application"),
        "limit.removed" => en("took the limit from"),
        "limit.set" => en("set the limit of"),
        "nudge.dismissed" => en("set aside:"),
        "nudge.restored" => en("brought back:"),
        "resource.created" => en("registered API"),
        "resource.deleted" => en("deleted API"),
        "resource.updated" => en("changed API"),
        "resource.verification_changed" => en("changed the verification of API"),
        "signing_key.activated" => en("let sign the"),
        "signing_key.published" => en("published the"),
        "signing_key.removed" => en("removed the"),
        "signing_key.retired" => en("retired the"),
        "signing_keys.resealed" => en("put another seal on the keys of"),
        "route.added" => en("added a route to API"),
        "route.removed" => en("removed a route from API"),
        "tokens.revoked" => revoked(event.target.as_ref().map_or("", |target| &target.kind)),
        "scope.added" => en("added a scope to API"),
        "scope.removed" => en("removed a scope from API"),
        "secret.added" => en("added secret"),
        "secret.expiry_changed" => en("moved the end of secret"),
        "secret.revoked" => en("revoked secret"),
        "server.started" => en("started"),
        "server.stopped" => en("stopped"),
        "stream.forgotten" => en("forgot stream"),
        "stream.rejected" => en("was refused events by stream"),
        "stream.rewound" => en("set the place of stream"),
        code if code.starts_with("session.") => of_session(code),
        other => with_people(other),
    }
}

/// What is done to people, and by them to sign in.
fn with_people(code: &str) -> &str {
    match code {
        "administrator.created" => en("added"),
        "administrator.password_reset" => en("chose a new password by link for"),
        "administrator.reset_started" => en("made a link to a new password for"),
        "administrator.password_set" => en("set the password of"),
        "administrator.resumed" => en("resumed"),
        "administrator.suspended" => en("suspended"),
        "administrator.updated" => en("changed"),
        "break_glass.ended" => en("made an account like others that of"),
        "break_glass.made" => en("made a break-glass account that of"),
        "break_glass.used" => en("broke the glass with the account of"),
        "identity.linked" => en("joined to the OpenID provider the account of"),
        "identity.unlinked" => en("parted from the OpenID provider the account of"),
        "invitation.created" => en("invited"),
        "invitation.revoked" => en("took back the invitation of"),
        "passkey.added" => en("added passkey"),
        "passkey.removed" => en("removed passkey"),
        "passkey.renamed" => en("renamed passkey"),
        "second_factor.codes_renewed" => en("made new recovery codes for"),
        "second_factor.removed" => en("removed the second factor of"),
        "second_factor.set_up" => en("set up a second factor for"),
        "sign_in_block.added" => en("blocked from signing in"),
        "sign_in_block.removed" => en("let sign in again"),
        other => did_besides(other),
    }
}

fn of_session(code: &str) -> &str {
    match code {
        "session.denied" | "session.denied_repeatedly" => en("could not sign in"),
        "session.challenged" => en("was asked for the second factor"),
        "session.confirmed" => en("confirmed who they are"),
        "session.ended" => en("signed out"),
        "session.revoked" => en("ended sessions of"),
        "session.started" => en("signed in"),
        other => other,
    }
}

/// Acts on acts, on teams, and on what is sensitive.
fn did_besides(code: &str) -> &str {
    match code {
        "approval.approved" => en("approved the request to"),
        "approval.expired" => en("let expire the request to"),
        "approval.policy_changed" => en("was started with other rules on"),
        "approval.refused" => en("refused the request to"),
        "approval.requested" => en("asked to"),
        "approval.waived" => en("did alone what takes two persons:"),
        "approval.withdrawn" => en("took back the request to"),
        "team.created" => en("made team"),
        "team.deleted" => en("deleted team"),
        "team.updated" => en("changed team"),
        "resource.marked" => en("marked as sensitive at API"),
        "resource.unmarked" => en("took a mark away at API"),
        other => to_log(other),
    }
}

/// What was done to the log itself; the code, when it is of another version of
/// ours.
fn to_log(code: &str) -> &str {
    match code {
        "audit.export_ended" => en("ended an export of the log"),
        "audit.exported" => en("exported rows of the log"),
        "audit.fork_acknowledged" => en("said why the log was begun anew"),
        "audit.fork_found" => en("found that the database is not the log that was signed"),
        "audit.held" => en("let nothing be removed from"),
        "audit.pruned" => en("removed old rows from"),
        "audit.read" => en("looked at the log"),
        "audit.recovered" => en("writes again"),
        "audit.redacted" => en("redacted rows of"),
        "audit.released" => en("ended the hold of"),
        "report.exported" => en("exported a report"),
        other => other,
    }
}

fn revoked(kind: &str) -> &'static str {
    match kind {
        "token" => en("revoked token"),
        "application" => en("revoked the tokens of application"),
        "secret" => en("revoked the tokens of secret"),
        "resource" => en("revoked the tokens for API"),
        "key" => en("revoked signing key"),
        _ => en("revoked"),
    }
}

/// Signing in is done to nobody else.
fn is_self(event: &Event) -> bool {
    event.category() == "session" && event.code != "session.revoked"
}

fn href(event: &Event) -> Option<String> {
    let is_gone = event.code.ends_with(".deleted") || event.code == "application.removed";
    let target = event.target.as_ref().filter(|_| !is_gone)?;
    if let Some(id) = record::named(event) {
        return Some(format!("/revocations/{id}"));
    }
    match target.kind.as_ref() {
        "administrator" => Some(format!("/people/{}", target.id)),
        "application" => Some(format!("/applications/{}", target.id)),
        "approval" => Some(format!("/approvals/{}", target.id)),
        "resource" => Some(format!("/apis/{}", target.id)),
        "signing_key" => Some("/keys".to_owned()),
        "nudge" | "secret" => {
            event.client_id.as_ref().map(|client_id| format!("/applications/{client_id}"))
        }
        "team" => Some(format!("/people/teams/{}", target.id)),
        _ => None,
    }
}

/// `scopes a → a b; resource …`; at most three fields, each cut short.
fn changes(changes: &[Change]) -> Text {
    let diffs = Diff::all(changes);
    let more = diffs.len().saturating_sub(3);
    let mut parts: Vec<Text> = diffs.into_iter().take(3).map(change).collect();
    if more > 0 {
        parts.push(text!("{more} more", more));
    }
    Text::joined(parts, "; ")
}

fn change(diff: Diff) -> Text {
    let Diff { field, before, after, .. } = diff;
    match (before.is_nothing(), after.is_nothing()) {
        (true, _) => text!("{field} {after}", field, after = short(after)),
        (_, true) => text!("{field} {before} → none", field, before = short(before)),
        _ => {
            text!("{field} {before} → {after}", field, before = short(before), after = short(after))
        }
    }
}

fn short(side: Side) -> Text {
    const MOST: usize = 80;
    match side {
        Side { text, iso: None } if text.to_string().chars().count() > MOST => {
            Text::data(text.to_string().chars().take(MOST).chain(['…']).collect::<String>())
        }
        Side { text, .. } => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{Actor, Mark, Outcome, Target};
    use crate::oauth::UnixTime;

    fn event(code: &'static str, changed: &[(&'static str, &str, &str)]) -> Event {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(0), code, Outcome::Success);
        event.actor =
            Actor { kind: "administrator".into(), name: Some("Ada".into()), ..Actor::default() };
        event.target =
            Some(Target { kind: "application".into(), id: "m2m_1".into(), name: "billing".into() });
        let change = |&(field, before, after): &(&'static str, &str, &str)| Change {
            field: field.into(),
            before: before.into(),
            after: after.into(),
        };
        event.changes = changed.iter().map(change).collect();
        event
    }

    #[test]
    fn an_act_reads_as_a_sentence() {
        let act = Act::new(&event("grant.set", &[("scopes", "a", "a b")]));
        let name = act.name.unwrap();
        assert_eq!(
            format!("{} {} {name}: {}", act.who, act.did, act.changes),
            "Ada set the access of application billing: scopes a → a b"
        );
        assert_eq!(act.href.as_deref(), Some("/applications/m2m_1"));
    }

    /// Tokens and accesses have rows of their own kind, and a test of a stream none.
    #[test]
    fn every_act_of_the_manual_has_words() {
        let manual = include_str!("../../../docs/events.md");
        let rows = manual.split("| `code` |").nth(1).unwrap().lines().skip(2);
        let codes: Vec<_> = rows
            .map_while(|row| row.strip_prefix("| `")?.split('`').next())
            .filter(|code| !code.starts_with("token.") && !code.starts_with("access."))
            .filter(|code| *code != "stream.tested")
            .collect();
        assert!(codes.len() > 80, "{}", codes.len());
        for code in codes {
            assert_ne!(did(&event(code, &[])), code);
        }
    }

    #[test]
    fn what_was_deleted_has_no_page() {
        assert_eq!(Act::new(&event("application.deleted", &[])).href, None);
        assert_eq!(Act::new(&event("application.removed", &[])).href, None);
    }

    #[test]
    fn a_long_list_of_changes_is_cut_short() {
        let four = [("a", "", "1"), ("b", "2", ""), ("c", "3", "4"), ("d", "", "5")];
        let act = Act::new(&event("application.updated", &four));
        assert_eq!(act.changes, "a 1; b 2 → none; c 3 → 4; 1 more");
    }
}
