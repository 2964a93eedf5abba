//! How far a token request got before a check stopped it.
use super::entry::who;
use super::names::Names;
use super::words;
use crate::model::audit_event::{Event, Outcome};
use crate::oauth::reason::{Check, Reason};
use crate::text;
use crate::texts::Text;

/// One check: passed, failed or not reached.
pub struct Rung {
    /// `pass`, `fail` or `unreached`.
    pub class: &'static str,
    pub title: Text,
    pub note: Text,
}

/// The checks of the request, in the order they were made.
pub fn rungs(event: &Event, names: &Names) -> Vec<Rung> {
    let stored = event.token.as_ref().and_then(|facts| facts.failed_check);
    let reason = event.reason.as_deref();
    let failed = stored.or_else(|| reason.and_then(Reason::parse).map(|r| r.check().index()));
    let rung = |check: Check| match failed {
        Some(failed) if check.index() == failed => Rung {
            class: "fail",
            title: text!("{check} refused", check = Text::new(words::check(check))),
            note: Text::looked_up(reason.map(words::reason).unwrap_or_default()),
        },
        Some(failed) if check.index() > failed => unreached(check),
        None if event.outcome != Outcome::Success => unreached(check),
        _ => Rung {
            class: "pass",
            title: Text::new(words::check(check)),
            note: passed(check, event, names),
        },
    };
    let of_this = |check: &Check| issues(event) || !matches!(check, Check::Resource | Check::Scope);
    Check::ALL.into_iter().filter(of_this).map(rung).collect()
}

/// Whether a token was asked for. Whoever revokes or introspects one is not
/// asked for APIs and scopes.
fn issues(event: &Event) -> bool {
    words::asked(&event.code).is_empty()
}

fn unreached(check: Check) -> Rung {
    Rung { class: "unreached", title: Text::new(words::check(check)), note: text!("not reached") }
}

fn passed(check: Check, event: &Event, names: &Names) -> Text {
    let facts = event.token.as_ref();
    match check {
        Check::Request => text!("can be read"),
        Check::Client => text!("{client} is active", client = who(event, names)),
        Check::Credential => match names.secret(event) {
            Some(secret) => text!("{secret} is in force", secret),
            None => text!("is in force"),
        },
        Check::Resource => match facts.map(|facts| facts.resource.as_slice()) {
            Some([only]) => text!("may call {api}", api = names.resource(only)),
            Some([_, ..]) => text!("may call them all"),
            _ => text!("may call it"),
        },
        Check::Scope => text!("all granted"),
        Check::Token if event.code == "token.revoked" => text!("its own, revoked"),
        Check::Token => {
            let algorithm = facts.and_then(|facts| facts.alg.as_deref());
            algorithm.map_or_else(|| text!("signed"), |alg| text!("signed with {alg}", alg))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{Mark, TokenFacts};
    use crate::oauth::UnixTime;

    fn classes(outcome: Outcome, failed: Option<Check>) -> Vec<&'static str> {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(0), "token.denied", outcome);
        let failed_check = failed.map(Check::index);
        event.token = Some(TokenFacts { failed_check, ..TokenFacts::default() });
        rungs(&event, &Names::default()).iter().map(|rung| rung.class).collect()
    }

    #[test]
    fn who_revokes_is_not_asked_for_scopes() {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let event = Event::new(mark, UnixTime(0), "token.revoked", Outcome::Success);
        let titles: Vec<_> =
            rungs(&event, &Names::default()).into_iter().map(|r| r.title).collect();
        assert_eq!(titles, ["Request", "Client", "Secret", "Token"]);
    }

    #[test]
    fn what_comes_after_the_check_that_failed_was_not_reached() {
        let scope = classes(Outcome::Denied, Some(Check::Scope));
        assert_eq!(scope, ["pass", "pass", "pass", "pass", "fail", "unreached"]);
        assert_eq!(classes(Outcome::Success, None), ["pass"; 6]);
        assert_eq!(classes(Outcome::Denied, Some(Check::Request)).first(), Some(&"fail"));
    }
}
