//! What an application's page says should be looked at: each with what was
//! seen, a verb, and where to see it. Pure.
use super::secrets::nudge::Facts as OfSecret;
use super::stops::{State as StopState, Used};
use crate::console::count;
use crate::console::moment::Moment;
use crate::console::nudge::Nudge;
use crate::model::application::Application;
use crate::model::nudge::{Kind, Matter, Urgency};
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::Presented;
use crate::text;
use crate::texts::{Text, en};

/// Two secrets that both work for longer than this are one too many.
const SEVERAL: Seconds = Seconds::days(30);
/// What has been silent for this long is idle.
pub const SILENT: Seconds = Seconds::days(90);
/// A scope that was asked for this often and refused is a wish.
const WISHES: i64 = 5;

/// What is known of an application.
pub struct Facts<'a> {
    pub application: &'a Application,
    pub secrets: &'a [Secret],
    /// What was presented in nine days, by secret and address.
    pub presented: &'a [Presented],
    pub lines: &'a [Used],
    pub now: UnixTime,
}

impl Facts<'_> {
    /// The most urgent first.
    pub fn nudges(&self) -> Vec<Nudge> {
        let mut nudges = self.obstacles();
        let of_secret = |secret| {
            let facts = OfSecret { secret, presented: self.presented, now: self.now };
            facts.nudges()
        };
        nudges.extend(self.secrets.iter().flat_map(of_secret));
        nudges.extend(self.several_secrets());
        nudges.extend(self.wishes());
        nudges.extend(self.idle_scopes());
        nudges.extend(self.silence());
        nudges.sort_by_key(|nudge| nudge.urgency != Urgency::Urgent);
        nudges
    }

    /// What stands in the way of its next token.
    fn obstacles(&self) -> Vec<Nudge> {
        let mut nudges = Vec::new();
        let mut stop = |kind, what: Text, so: Text, link| {
            let (matter, links) = (self.matter(kind, ""), vec![link]);
            nudges.push(Nudge { matter, urgency: Urgency::Urgent, what, so, links });
        };
        if !self.application.active {
            let link = (self.path("/resumption"), en("Resume"));
            let so = text!("Every request for a token is refused.");
            stop(Kind::ApplicationSuspended, text!("It is suspended."), so, link);
        }
        if !self.secrets.iter().any(|secret| secret.state(self.now) == State::Active) {
            let link = (self.path("/secrets/new"), en("Add secret"));
            let so = text!("This application cannot get tokens until it has one.");
            stop(Kind::NoSecret, text!("No secret of it works."), so, link);
        }
        if self.lines.is_empty() {
            let link = (self.path("/access"), en("Grant access"));
            let so = text!("It would get invalid_target.");
            stop(Kind::NoAccess, text!("It may call nothing."), so, link);
        }
        nudges
    }

    /// Secrets that work beside one another for longer than a rotation takes.
    fn several_secrets(&self) -> Option<Nudge> {
        let old = |secret: &&Secret| {
            secret.state(self.now) == State::Active && self.now.since(secret.created_at) > SEVERAL
        };
        let old: Vec<&Secret> = self.secrets.iter().filter(old).collect();
        let least = old.iter().min_by_key(|secret| secret.last_used_at)?;
        let so = match least.last_used_at {
            None => text!("{secret} was never used.", secret = &least.name),
            Some(at) => text!(
                "{secret} is the one that was not used for longest: {when}.",
                secret = &least.name,
                when = Moment::new(at, self.now).text,
            ),
        };
        (old.len() > 1).then(|| Nudge {
            matter: self.matter(Kind::SeveralSecrets, ""),
            urgency: Urgency::Low,
            what: text!(
                "{count} secrets have worked beside one another for 30 days.",
                count = old.len(),
            ),
            so,
            links: vec![(self.path(&format!("/secrets/{}", least.id)), en("See who uses it"))],
        })
    }

    /// Scopes that it asks for again and again, and does not hold.
    fn wishes(&self) -> impl Iterator<Item = Nudge> {
        self.lines.iter().flat_map(move |line| {
            let asked = line
                .stops
                .iter()
                .filter(|stop| stop.state == StopState::Asked && stop.count >= WISHES);
            asked.map(move |stop| Nudge {
                matter: self.matter(
                    Kind::ScopeRefused,
                    &format!("{} {}", line.grant.resource_id, stop.scope),
                ),
                urgency: Urgency::Low,
                what: text!(
                    stop.count =>
                        "{scope} was asked for and refused once.",
                        "{scope} was asked for and refused {count} times.",
                    scope = &stop.scope,
                    count = count::text(stop.count),
                ),
                so: text!("It is not granted at {api}.", api = &line.grant.resource_name),
                links: vec![
                    (
                        format!("/log?application={}&outcome=refused", self.application.client_id),
                        en("See refusals"),
                    ),
                    (
                        format!("{}#api-{}", self.path("/access"), line.grant.resource_id),
                        en("Review its access"),
                    ),
                ],
            })
        })
    }

    /// Only where tokens are got at all: what is new is not idle yet.
    fn idle_scopes(&self) -> Option<Nudge> {
        if self.now.since(self.application.created_at) < SILENT {
            return None;
        }
        let granted = || {
            self.lines.iter().flat_map(|line| &line.stops).filter(|s| s.state != StopState::Asked)
        };
        let idle: Vec<&str> = granted()
            .filter(|stop| stop.state == StopState::Idle)
            .map(|stop| stop.scope.as_str())
            .collect();
        let named: Vec<&str> = idle.iter().copied().take(3).collect();
        let (named, more) = (named.join(", "), idle.len() > named.len());
        (!idle.is_empty()).then(|| Nudge {
            matter: self.matter(Kind::ScopesIdle, ""),
            urgency: Urgency::Low,
            what: text!(
                "{idle} of {granted} granted scopes are idle.",
                idle = idle.len(),
                granted = granted().count(),
            ),
            so: if more {
                text!("No token carried {scopes} and others for 90 days.", scopes = named)
            } else {
                text!("No token carried {scopes} for 90 days.", scopes = named)
            },
            links: vec![(self.path("/access"), en("Review its access"))],
        })
    }

    fn silence(&self) -> Option<Nudge> {
        let last = self.secrets.iter().filter_map(|secret| secret.last_used_at).max()?;
        (self.application.active && self.now.since(last) >= SILENT).then(|| Nudge {
            matter: self.matter(Kind::ApplicationSilent, ""),
            urgency: Urgency::Low,
            what: text!("It has not asked for a token for 90 days."),
            so: text!("The last was {when}.", when = Moment::new(last, self.now).text),
            links: vec![(self.path("/suspension"), en("Suspend"))],
        })
    }

    fn matter(&self, kind: Kind, subject: &str) -> Matter {
        Matter::new(kind, &self.application.client_id, subject)
    }

    fn path(&self, rest: &str) -> String {
        format!("/applications/{}{rest}", self.application.client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::application::ApplicationDetails;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn told(application: &Application, secrets: &[Secret]) -> Vec<(Urgency, String)> {
        let facts = Facts { application, secrets, presented: &[], lines: &[], now: NOW };
        facts.nudges().into_iter().map(|nudge| (nudge.urgency, nudge.what.to_string())).collect()
    }

    fn application(active: bool) -> Application {
        Application {
            client_id: "m2m_1".into(),
            details: ApplicationDetails::default(),
            active,
            created_at: NOW - Seconds::days(400),
            version: 1,
        }
    }

    fn secret(name: &str, age: i64) -> Secret {
        Secret {
            id: format!("sec_{name}"),
            client_id: "m2m_1".into(),
            name: name.into(),
            hint: "abcd".into(),
            created_by: "Ada".into(),
            created_at: NOW - Seconds::days(age),
            expires_at: None,
            revoked_at: None,
            last_used_at: Some(NOW),
        }
    }

    #[test]
    fn what_stands_in_the_way_of_a_token_is_urgent() {
        let texts = ["It is suspended.", "No secret of it works.", "It may call nothing."];
        assert_eq!(
            told(&application(false), &[]),
            texts.map(|text| (Urgency::Urgent, text.to_owned()))
        );
    }

    #[test]
    fn two_secrets_for_longer_than_a_rotation_are_one_too_many() {
        let several = |ages: [i64; 2]| {
            let secrets = [secret("a", ages[0]), secret("b", ages[1])];
            told(&application(true), &secrets)
                .into_iter()
                .any(|(_, what)| what == "2 secrets have worked beside one another for 30 days.")
        };
        assert!(several([40, 31]));
        assert!(!several([40, 30]));
    }
}
