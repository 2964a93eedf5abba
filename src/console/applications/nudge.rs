//! What an application's page says should be looked at: each with what was
//! seen, a verb, and where to see it. Pure.
use super::stops::{State as StopState, Used};
use crate::console::count;
use crate::console::moment::Moment;
use crate::model::application::Application;
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::Presented;

/// What ends within this is worth a word; within [`NEAR`] an urgent one.
const SOON: Seconds = Seconds::days(30);
const NEAR: Seconds = Seconds::days(3);
/// What was made before this and is still in use should be rotated.
const OLD: Seconds = Seconds::days(180);
/// What was never used for this long was made for nothing.
const UNUSED: Seconds = Seconds::days(30);
/// What has been silent for this long is idle.
const SILENT: Seconds = Seconds::days(90);
/// A scope that was asked for this often and refused is a wish.
const WISHES: i64 = 5;

pub struct Nudge {
    /// `danger` or `caution`: how its signal stands.
    pub aspect: &'static str,
    pub what: String,
    pub so: String,
    /// Where it leads, and what stands there.
    pub links: Vec<(String, &'static str)>,
}

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
        nudges.extend(self.secrets.iter().filter_map(|secret| self.of_secret(secret)));
        nudges.extend(self.wishes());
        nudges.extend(self.idle_scopes());
        nudges.extend(self.silence());
        nudges.sort_by_key(|nudge| nudge.aspect != "danger");
        nudges
    }

    /// What stands in the way of its next token.
    fn obstacles(&self) -> Vec<Nudge> {
        let mut nudges = Vec::new();
        let mut stop = |what: &str, so: &str, links: Vec<(String, &'static str)>| {
            let (what, so) = (what.to_owned(), so.to_owned());
            nudges.push(Nudge { aspect: "danger", what, so, links });
        };
        if !self.application.active {
            let link = (self.path("/resumption"), "Resume");
            stop("It is suspended.", "Every request for a token is refused.", vec![link]);
        }
        if !self.secrets.iter().any(|secret| secret.state(self.now) == State::Active) {
            let link = (self.path("/secrets/new"), "Add secret");
            let so = "This application cannot get tokens until it has one.";
            stop("No secret of it works.", so, vec![link]);
        }
        if self.lines.is_empty() {
            let link = (self.path("/access"), "Grant access");
            stop("It may call nothing.", "It would get invalid_target.", vec![link]);
        }
        nudges
    }

    fn of_secret(&self, secret: &Secret) -> Option<Nudge> {
        match secret.state(self.now) {
            State::Active => self.of_live_secret(secret),
            State::Expired | State::Revoked => self.ghost(secret),
        }
    }

    /// A secret that ended, and that somebody still presents.
    fn ghost(&self, secret: &Secret) -> Option<Nudge> {
        let ended = secret.revoked_at.or(secret.expires_at)?;
        let since = |row: &&Presented| {
            row.secret_id == secret.id && row.refused > 0 && row.last_at >= ended
        };
        let rows: Vec<&Presented> = self.presented.iter().filter(since).collect();
        let last = rows.iter().map(|row| row.last_at).max()?;
        let refused: i64 = rows.iter().map(|row| row.refused).sum();
        Some(Nudge {
            aspect: "danger",
            what: format!(
                "{} does not work any more, and {} still {} it.",
                secret.name,
                addresses(&rows),
                if rows.len() == 1 { "sends" } else { "send" }
            ),
            so: format!(
                "{} in nine days, the last {}.",
                times("Refused", refused),
                Moment::new(last, self.now).text
            ),
            links: vec![(self.of(secret, ""), "See who")],
        })
    }

    fn of_live_secret(&self, secret: &Secret) -> Option<Nudge> {
        let users: Vec<&Presented> = self
            .presented
            .iter()
            .filter(|row| row.secret_id == secret.id && row.issued > 0)
            .collect();
        let age = self.now.since(secret.created_at);
        if let Some(end) = secret.expires_at.filter(|end| *end <= self.now + SOON) {
            return Some(self.ending(secret, end, &users));
        }
        let rotate = vec![
            (self.of(secret, "/rotation"), "Rotate"),
            (self.of(secret, ""), "See who uses it"),
        ];
        let revoke = vec![(self.of(secret, "/revocation"), "Revoke")];
        match secret.last_used_at {
            None if age >= UNUSED => Some(Nudge {
                aspect: "caution",
                what: format!("{} was never used.", secret.name),
                so: format!("It was made {} days ago.", age.0 / Seconds::DAY.0),
                links: revoke,
            }),
            Some(last) if self.now.since(last) >= SILENT => Some(Nudge {
                aspect: "caution",
                what: format!("{} is not used any more.", secret.name),
                so: format!("Its last token was got {}.", Moment::new(last, self.now).text),
                links: revoke,
            }),
            Some(_) if age >= OLD => Some(Nudge {
                aspect: "caution",
                what: format!("{} is {} days old.", secret.name, age.0 / Seconds::DAY.0),
                so: "A rotation needs no downtime: both secrets work for a while.".to_owned(),
                links: rotate,
            }),
            _ => None,
        }
    }

    fn ending(&self, secret: &Secret, end: UnixTime, users: &[&Presented]) -> Nudge {
        let days = (end.since(self.now).0 + Seconds::DAY.0 / 2) / Seconds::DAY.0;
        let when = match days {
            0 => "within a day".to_owned(),
            1 => "in a day".to_owned(),
            days => format!("in {days} days"),
        };
        let is_near = end <= self.now + NEAR && !users.is_empty();
        let what = if users.is_empty() {
            format!("{} stops working {when}.", secret.name)
        } else {
            let use_it = if users.len() == 1 { "uses it" } else { "use it" };
            let who = addresses(users);
            format!("{} stops working {when}, and {who} still {use_it}.", secret.name)
        };
        let so = if users.is_empty() {
            "Nobody used it in nine days."
        } else {
            "Move what runs there to another secret first."
        };
        Nudge {
            aspect: if is_near { "danger" } else { "caution" },
            what,
            so: so.to_owned(),
            links: vec![
                (self.of(secret, ""), "See who"),
                (self.of(secret, "/rotation"), "Rotate"),
                (self.of(secret, "/expiry"), "Extend"),
            ],
        }
    }

    /// Scopes that it asks for again and again, and does not hold.
    fn wishes(&self) -> impl Iterator<Item = Nudge> {
        self.lines.iter().flat_map(move |line| {
            let asked = line
                .stops
                .iter()
                .filter(|stop| stop.state == StopState::Asked && stop.count >= WISHES);
            asked.map(move |stop| Nudge {
                aspect: "caution",
                what: format!("{} was asked for and refused {}.", stop.scope, often(stop.count)),
                so: format!("It is not granted at {}.", line.grant.resource_name),
                links: vec![
                    (
                        format!("/log?application={}&outcome=refused", self.application.client_id),
                        "See refusals",
                    ),
                    (
                        format!("{}#api-{}", self.path("/access"), line.grant.resource_id),
                        "Review its access",
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
        let more = if idle.len() > named.len() { " and others" } else { "" };
        (!idle.is_empty()).then(|| Nudge {
            aspect: "caution",
            what: format!("{} of {} granted scopes are idle.", idle.len(), granted().count()),
            so: format!("No token carried {}{more} for 90 days.", named.join(", ")),
            links: vec![(self.path("/access"), "Review its access")],
        })
    }

    fn silence(&self) -> Option<Nudge> {
        let last = self.secrets.iter().filter_map(|secret| secret.last_used_at).max()?;
        (self.application.active && self.now.since(last) >= SILENT).then(|| Nudge {
            aspect: "caution",
            what: "It has not asked for a token for 90 days.".to_owned(),
            so: format!("The last was {}.", Moment::new(last, self.now).text),
            links: vec![(self.path("/suspension"), "Suspend")],
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("/applications/{}{rest}", self.application.client_id)
    }

    fn of(&self, secret: &Secret, rest: &str) -> String {
        self.path(&format!("/secrets/{}{rest}", secret.id))
    }
}

/// `10.4.2.31`, `10.4.2.31 and 2 other addresses`.
fn addresses(rows: &[&Presented]) -> String {
    let first = rows.first().map_or("", |row| row.address.as_str());
    let first = if first.is_empty() { "an unknown address" } else { first };
    match rows.len() {
        0 | 1 => first.to_owned(),
        2 => format!("{first} and another address"),
        n => format!("{first} and {} other addresses", n - 1),
    }
}

fn often(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", count::text(count)) }
}

fn times(what: &str, count: i64) -> String {
    format!("{what} {}", often(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::application::ApplicationDetails;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn application() -> Application {
        Application {
            client_id: "m2m_1".into(),
            details: ApplicationDetails::default(),
            active: true,
            created_at: NOW - Seconds::days(400),
            version: 1,
        }
    }

    fn secret(name: &str, created: i64, ends: Option<i64>, used: Option<i64>) -> Secret {
        let days = |days: i64| NOW + Seconds::days(days);
        Secret {
            id: format!("sec_{name}"),
            client_id: "m2m_1".into(),
            name: name.into(),
            hint: "abcd".into(),
            created_by: "Ada".into(),
            created_at: days(-created),
            expires_at: ends.map(days),
            revoked_at: None,
            last_used_at: used.map(|ago| days(-ago)),
        }
    }

    fn presented(secret: &str, address: &str, issued: i64, refused: i64) -> Presented {
        Presented {
            secret_id: format!("sec_{secret}"),
            address: address.into(),
            issued,
            refused,
            last_at: NOW - Seconds::HOUR,
        }
    }

    fn told(secrets: &[Secret], presented: &[Presented]) -> Vec<(&'static str, String)> {
        let application = application();
        let facts = Facts { application: &application, secrets, presented, lines: &[], now: NOW };
        let nudges = facts.nudges().into_iter();
        nudges.filter(|n| n.what != "It may call nothing.").map(|n| (n.aspect, n.what)).collect()
    }

    #[test]
    fn an_end_is_urgent_when_it_is_near_and_somebody_would_be_hit() {
        let used = [presented("a", "10.4.2.31", 3, 0), presented("a", "10.4.2.32", 3, 0)];
        let near = [secret("a", 10, Some(3), Some(0))];
        let text = "a stops working in 3 days, and 10.4.2.31 and another address still use it.";
        assert_eq!(told(&near, &used), [("danger", text.to_owned())]);
        assert_eq!(told(&near, &[]), [("caution", "a stops working in 3 days.".to_owned())]);
        assert_eq!(told(&[secret("a", 10, Some(31), Some(0))], &used), []);
    }

    #[test]
    fn a_secret_that_ended_and_is_still_sent_is_a_ghost() {
        let secrets = [secret("old", 100, Some(-1), Some(0)), secret("new", 1, None, Some(0))];
        let sent = [presented("old", "192.0.2.7", 5, 2)];
        let text = "old does not work any more, and 192.0.2.7 still sends it.";
        assert_eq!(told(&secrets, &sent), [("danger", text.to_owned())]);
        assert_eq!(told(&secrets, &[]), []);
    }

    #[test]
    fn what_is_old_unused_or_silent_is_named() {
        let what = |secret: Secret| {
            told(&[secret], &[]).into_iter().next().map(|(_, what)| what).unwrap_or_default()
        };
        assert_eq!(what(secret("a", 30, None, None)), "a was never used.");
        assert_eq!(what(secret("a", 29, None, None)), "");
        assert_eq!(what(secret("a", 100, None, Some(90))), "a is not used any more.");
        assert_eq!(what(secret("a", 180, None, Some(0))), "a is 180 days old.");
    }
}
