//! What should be looked at of one secret. Pure.
use crate::console::applications::nudge::SILENT;
use crate::console::count;
use crate::console::moment::Moment;
use crate::console::nudge::Nudge;
use crate::model::nudge::{Kind, Matter, Urgency};
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::Presented;
use crate::text;
use crate::texts::{Text, en};

/// What ends within this is worth a word, within [`NEARER`] one that is said
/// again, and within [`NEAR`] an urgent one.
const SOON: Seconds = Seconds::days(30);
const NEARER: Seconds = Seconds::days(14);
const NEAR: Seconds = Seconds::days(3);
/// What was made before this and is still in use should be rotated.
const OLD: Seconds = Seconds::days(180);
/// What was never used for this long was made for nothing.
const UNUSED: Seconds = Seconds::days(30);
/// One secret in more places than this is hard to take back.
const SPREAD: usize = 10;

/// What is known of a secret.
pub struct Facts<'a> {
    pub secret: &'a Secret,
    /// What was presented in nine days, by secret and address.
    pub presented: &'a [Presented],
    pub now: UnixTime,
}

impl Facts<'_> {
    pub fn nudges(&self) -> Vec<Nudge> {
        match self.secret.state(self.now) {
            State::Active => self.age().into_iter().chain(self.spread()).collect(),
            State::Expired | State::Revoked => self.ghost().into_iter().collect(),
        }
    }

    /// One that ended, and that somebody still presents.
    fn ghost(&self) -> Option<Nudge> {
        let secret = self.secret;
        let ended = secret.revoked_at.or(secret.expires_at)?;
        let since = |row: &&Presented| {
            row.secret_id == secret.id && row.refused > 0 && row.last_at >= ended
        };
        let rows: Vec<&Presented> = self.presented.iter().filter(since).collect();
        let last = rows.iter().map(|row| row.last_at).max()?;
        let refused: i64 = rows.iter().map(|row| row.refused).sum();
        Some(Nudge {
            matter: self.matter(Kind::SecretGhost),
            urgency: Urgency::Urgent,
            what: text!(
                rows.len() =>
                    "{secret} does not work any more, and {addresses} still sends it.",
                    "{secret} does not work any more, and {addresses} still send it.",
                secret = &secret.name,
                addresses = addresses(&rows),
            ),
            so: text!(
                refused =>
                    "Refused once in nine days, the last {when}.",
                    "Refused {count} times in nine days, the last {when}.",
                count = count::text(refused),
                when = Moment::new(last, self.now).text,
            ),
            links: vec![(self.path(""), en("See who"))],
        })
    }

    /// Its end, or that it is old, unused or silent.
    fn age(&self) -> Option<Nudge> {
        let (secret, now) = (self.secret, self.now);
        let age = now.since(secret.created_at);
        if let Some(end) = secret.expires_at.filter(|end| *end <= now + SOON) {
            return Some(self.ending(end));
        }
        let name = &secret.name;
        let rotate =
            vec![(self.path("/rotation"), en("Rotate")), (self.path(""), en("See who uses it"))];
        let revoke = vec![(self.path("/revocation"), en("Revoke"))];
        let nudge = |kind, what, so, links| Nudge {
            matter: self.matter(kind),
            urgency: Urgency::Low,
            what,
            so,
            links,
        };
        match secret.last_used_at {
            None if age >= UNUSED => Some(nudge(
                Kind::SecretUnused,
                text!("{secret} was never used.", secret = name),
                text!("It was made {days} days ago.", days = age.0 / Seconds::DAY.0),
                revoke,
            )),
            Some(last) if now.since(last) >= SILENT => Some(nudge(
                Kind::SecretSilent,
                text!("{secret} is not used any more.", secret = name),
                text!("Its last token was got {when}.", when = Moment::new(last, now).text),
                revoke,
            )),
            Some(_) if age >= OLD => Some(nudge(
                Kind::SecretOld,
                text!("{secret} is {days} days old.", secret = name, days = age.0 / Seconds::DAY.0,),
                text!("A rotation needs no downtime: both secrets work for a while."),
                rotate,
            )),
            _ => None,
        }
    }

    fn ending(&self, end: UnixTime) -> Nudge {
        let (secret, users) = (self.secret, self.users());
        let days = (end.since(self.now).0 + Seconds::DAY.0 / 2) / Seconds::DAY.0;
        let when = match days {
            0 => text!("within a day"),
            days => text!(days => "in a day", "in {n} days"),
        };
        let (what, so) = if users.is_empty() {
            (
                text!("{secret} stops working {when}.", secret = &secret.name, when),
                text!("Nobody used it in nine days."),
            )
        } else {
            (
                text!(
                    users.len() =>
                        "{secret} stops working {when}, and {addresses} still uses it.",
                        "{secret} stops working {when}, and {addresses} still use it.",
                    secret = &secret.name,
                    when,
                    addresses = addresses(&users),
                ),
                text!("Move what runs there to another secret first."),
            )
        };
        Nudge {
            matter: self.matter(Kind::SecretEnding),
            urgency: ending(end, !users.is_empty(), self.now),
            what,
            so,
            links: vec![
                (self.path(""), en("See who")),
                (self.path("/rotation"), en("Rotate")),
                (self.path("/expiry"), en("Extend")),
            ],
        }
    }

    /// One that is used from many places.
    fn spread(&self) -> Option<Nudge> {
        let count = self.users().len();
        (count > SPREAD).then(|| Nudge {
            matter: self.matter(Kind::SecretSpread),
            urgency: Urgency::Low,
            what: text!(
                "{secret} is used from {count} addresses.",
                secret = &self.secret.name,
                count,
            ),
            so: text!("A secret for each place is easier to take back."),
            links: vec![(self.path(""), en("See who uses it"))],
        })
    }

    /// From where it got tokens.
    fn users(&self) -> Vec<&Presented> {
        let of = |row: &&Presented| row.secret_id == self.secret.id && row.issued > 0;
        self.presented.iter().filter(of).collect()
    }

    fn matter(&self, kind: Kind) -> Matter {
        Matter::new(kind, &self.secret.client_id, &self.secret.id)
    }

    fn path(&self, rest: &str) -> String {
        format!("/applications/{}/secrets/{}{rest}", self.secret.client_id, self.secret.id)
    }
}

/// How urgent the end of a secret is; each step is said anew.
pub fn ending(end: UnixTime, in_use: bool, now: UnixTime) -> Urgency {
    if end <= now + NEAR && in_use {
        Urgency::Urgent
    } else if end <= now + NEARER {
        Urgency::Raised
    } else {
        Urgency::Low
    }
}

/// `10.4.2.31`, `10.4.2.31 and 2 other addresses`.
fn addresses(rows: &[&Presented]) -> Text {
    let first = rows.first().map_or("", |row| row.address.as_str());
    let first = if first.is_empty() { text!("an unknown address") } else { Text::data(first) };
    match rows.len() {
        0 | 1 => first,
        n => text!(
            n - 1 => "{first} and another address", "{first} and {n} other addresses", first
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

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

    fn told(secret: &Secret, presented: &[Presented]) -> Vec<(Urgency, String)> {
        let nudges = Facts { secret, presented, now: NOW }.nudges().into_iter();
        nudges.map(|nudge| (nudge.urgency, nudge.what.to_string())).collect()
    }

    #[test]
    fn an_end_is_urgent_when_it_is_near_and_somebody_would_be_hit() {
        let used = [presented("a", "10.4.2.31", 3, 0), presented("a", "10.4.2.32", 3, 0)];
        let ends = |days| secret("a", 10, Some(days), Some(0));
        let text = "a stops working in 3 days, and 10.4.2.31 and another address still use it.";
        assert_eq!(told(&ends(3), &used), [(Urgency::Urgent, text.to_owned())]);
        let unused = [(Urgency::Raised, "a stops working in 3 days.".to_owned())];
        assert_eq!(told(&ends(3), &[]), unused);
        assert_eq!(told(&ends(14), &used)[0].0, Urgency::Raised);
        assert_eq!(told(&ends(15), &used)[0].0, Urgency::Low);
        assert_eq!(told(&ends(31), &used), []);
    }

    #[test]
    fn one_that_ended_and_is_still_sent_is_a_ghost() {
        let old = secret("old", 100, Some(-1), Some(0));
        let sent = [presented("old", "192.0.2.7", 5, 2)];
        let text = "old does not work any more, and 192.0.2.7 still sends it.";
        assert_eq!(told(&old, &sent), [(Urgency::Urgent, text.to_owned())]);
        assert_eq!(told(&old, &[]), []);
    }

    #[test]
    fn what_is_old_unused_or_silent_is_named() {
        let what = |secret: Secret| {
            told(&secret, &[]).into_iter().next().map(|(_, what)| what).unwrap_or_default()
        };
        assert_eq!(what(secret("a", 30, None, None)), "a was never used.");
        assert_eq!(what(secret("a", 29, None, None)), "");
        assert_eq!(what(secret("a", 100, None, Some(90))), "a is not used any more.");
        assert_eq!(what(secret("a", 180, None, Some(0))), "a is 180 days old.");
    }

    #[test]
    fn one_that_many_places_use_is_named() {
        let used = |count: usize| -> Vec<Presented> {
            (0..count).map(|n| presented("a", &format!("10.4.2.{n}"), 1, 0)).collect()
        };
        let a = secret("a", 1, None, Some(0));
        assert_eq!(told(&a, &used(10)), []);
        let text = "a is used from 11 addresses.".to_owned();
        assert_eq!(told(&a, &used(11)), [(Urgency::Low, text)]);
    }
}
