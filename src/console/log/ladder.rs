//! How far a token request got before a check stopped it.
use super::entry::who;
use super::names::Names;
use super::words;
use crate::model::audit_event::{Event, Outcome};
use crate::oauth::reason::{Check, Reason};

/// One check: passed, failed or not reached.
pub struct Rung {
    /// `pass`, `fail` or `unreached`.
    pub class: &'static str,
    pub title: String,
    pub note: String,
}

/// The checks of the request, in the order they were made.
pub fn rungs(event: &Event, names: &Names) -> Vec<Rung> {
    let stored = event.token.as_ref().and_then(|facts| facts.failed_check);
    let reason = event.reason.as_deref();
    let failed = stored.or_else(|| reason.and_then(Reason::parse).map(|r| r.check().index()));
    let rung = |check: Check| match failed {
        Some(failed) if check.index() == failed => Rung {
            class: "fail",
            title: format!("{} refused", words::check(check)),
            note: reason.map(words::reason).unwrap_or_default().to_owned(),
        },
        Some(failed) if check.index() > failed => unreached(check),
        None if event.outcome != Outcome::Success => unreached(check),
        _ => Rung {
            class: "pass",
            title: words::check(check).to_owned(),
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
    Rung {
        class: "unreached",
        title: words::check(check).to_owned(),
        note: "not reached".to_owned(),
    }
}

fn passed(check: Check, event: &Event, names: &Names) -> String {
    let facts = event.token.as_ref();
    match check {
        Check::Request => "can be read".to_owned(),
        Check::Client => format!("{} is active", who(event, names)),
        Check::Credential => match names.secret(event) {
            Some(secret) => format!("{secret} is in force"),
            None => "is in force".to_owned(),
        },
        Check::Resource => match facts.map(|facts| facts.resource.as_slice()) {
            Some([only]) => format!("may call {}", names.resource(only)),
            Some([_, ..]) => "may call them all".to_owned(),
            _ => "may call it".to_owned(),
        },
        Check::Scope => "all granted".to_owned(),
        Check::Token if event.code == "token.revoked" => "its own, revoked".to_owned(),
        Check::Token => {
            let algorithm = facts.and_then(|facts| facts.alg.as_deref());
            algorithm.map_or_else(|| "signed".to_owned(), |alg| format!("signed with {alg}"))
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
