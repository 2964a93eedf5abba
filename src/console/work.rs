//! What an administrator should look at, over everything: ranked, each with what
//! was seen, a verb, and where it leads.
use std::collections::HashMap;

use super::moment::Moment;
use super::{count, duration};
use crate::model::limit::Hits;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::{Policy, ends_at};
use crate::model::usage::{begin_of_hour, hour};
use crate::oauth::UnixTime;
use crate::oauth::limit::Subject;
use crate::oauth::time::Seconds;
use crate::reports::hoarders::{self, Hoarder};
use crate::store::attention::{self, Noted};
use crate::store::usage::{self, Ghost, Refused};
use crate::store::{Conn, Error, applications, limits, resources, signing_keys};

/// The most of a kind that are named.
const NAMED: i64 = 5;

const ENDING: Seconds = Seconds::days(14);
const NEAR: Seconds = Seconds::days(3);
const UNUSED: Seconds = Seconds::days(30);
const SILENT: Seconds = Seconds::days(90);
/// A secret that was used within this would be missed.
const IN_USE: Seconds = Seconds::days(2);
/// Fewer refusals in a day are nobody's work.
const REFUSALS: i64 = 5;
const ROTATION: Seconds = Seconds::days(7);

pub struct Item {
    /// Urgent things stand first.
    rank: u8,
    /// `danger`, `caution` or `clear`.
    pub aspect: &'static str,
    pub what: String,
    pub so: String,
    pub links: Vec<(String, &'static str)>,
}

/// What the database says.
pub struct Seen {
    ghosts: Vec<Ghost>,
    ending: Vec<Noted>,
    refused: Vec<Refused>,
    never_used: Vec<Noted>,
    silent: Vec<Noted>,
    keys: Vec<SigningKey>,
    hoarders: Vec<Hoarder>,
    /// Whose limit was met, with its name and its page.
    limited: Vec<(String, String, Hits)>,
    /// Secret and application by the secret's id.
    secrets: HashMap<String, (String, String)>,
    applications: HashMap<String, String>,
}

impl Seen {
    pub fn read(conn: &mut Conn, now: UnixTime) -> Result<Self, Error> {
        let day = hour(now - Seconds::DAY);
        let ghosts = usage::ghosts(conn, day, NAMED)?;
        let refused = usage::refused(conn, day, NAMED)?;
        let (mut hoarders, _) = hoarders::find(conn, (day, hour(now) + 1), None)?;
        hoarders.truncate(usize::try_from(NAMED).unwrap_or_default());
        let ids: Vec<String> = ghosts.iter().map(|ghost| ghost.secret_id.clone()).collect();
        let clients: Vec<String> = refused.iter().map(|row| row.client_id.clone()).collect();
        let secrets = attention::names(conn, &ids)?.into_iter();
        Ok(Self {
            ending: attention::ending(conn, now, now + ENDING, NAMED)?,
            never_used: attention::never_used(conn, now, now - UNUSED, NAMED)?,
            silent: attention::silent(conn, now, now - SILENT, NAMED)?,
            keys: signing_keys::all(conn)?,
            hoarders,
            limited: limited(conn, day)?,
            secrets: secrets.map(|(id, secret, application)| (id, (secret, application))).collect(),
            applications: applications::names(conn, &clients)?.into_iter().collect(),
            ghosts,
            refused,
        })
    }

    /// The most urgent first.
    pub fn items(&self, policy: Policy, now: UnixTime) -> Vec<Item> {
        let mut items: Vec<Item> = self
            .ghosts
            .iter()
            .map(|ghost| self.ghost(ghost, now))
            .chain(self.ending.iter().map(|secret| ending(secret, now)))
            .chain(
                self.refused
                    .iter()
                    .filter(|row| row.requests >= REFUSALS)
                    .map(|row| self.refused(row, now)),
            )
            .chain(self.limited.iter().map(met))
            .chain(self.hoarders.iter().map(|hoarder| hoards(hoarder, now)))
            .chain(self.keys.iter().filter_map(|key| rotation(key, policy, now)))
            .chain(self.never_used.iter().map(|secret| idle(secret, "was never used", "Made", now)))
            .chain(
                self.silent
                    .iter()
                    .map(|secret| idle(secret, "is not used any more", "Last used", now)),
            )
            .collect();
        items.sort_by_key(|item| item.rank);
        items
    }

    fn ghost(&self, ghost: &Ghost, now: UnixTime) -> Item {
        let (secret, application) = self
            .secrets
            .get(&ghost.secret_id)
            .map_or((ghost.secret_id.as_str(), ghost.client_id.as_str()), |(s, a)| (s, a));
        let (ended, link) = match ghost.reason.as_str() {
            "secret_expired" => ("expired", of_secret(&ghost.client_id, &ghost.secret_id, "")),
            "client_deleted" => {
                ("went with its application", format!("/log?q={}", ghost.client_id))
            }
            _ => ("was revoked", of_secret(&ghost.client_id, &ghost.secret_id, "")),
        };
        Item {
            rank: 0,
            aspect: "danger",
            what: format!("{secret} of {application} {ended}, and is still sent."),
            so: format!(
                "{} since {}, the last {}.",
                requests(ghost.requests, "refused"),
                Moment::new(begin_of_hour(ghost.first_hour), now).full,
                Moment::new(ghost.last_at, now).text
            ),
            links: vec![(link, "See who")],
        }
    }

    fn refused(&self, row: &Refused, now: UnixTime) -> Item {
        let name = self.applications.get(&row.client_id).unwrap_or(&row.client_id);
        Item {
            rank: 3,
            aspect: "caution",
            what: format!("{name} was refused {} times in 24 hours.", count::text(row.requests)),
            so: format!("The last time was {}.", Moment::new(row.last_at, now).text),
            links: vec![
                (format!("/log?application={}&outcome=refused", row.client_id), "See why"),
                (format!("/applications/{}", row.client_id), "See the application"),
            ],
        }
    }
}

fn ending(secret: &Noted, now: UnixTime) -> Item {
    let in_use = secret.last_used_at.is_some_and(|at| now.since(at) < IN_USE);
    let urgent = in_use && secret.at <= now + NEAR;
    Item {
        rank: if urgent { 1 } else { 2 },
        aspect: if urgent { "danger" } else { "caution" },
        what: format!(
            "{} of {} stops working {}.",
            secret.name,
            secret.application,
            Moment::new(secret.at, now).text
        ),
        so: match secret.last_used_at {
            None => "It was never used.".to_owned(),
            Some(at) if in_use => {
                format!("It is in use: the last token was got {}.", Moment::new(at, now).text)
            }
            Some(at) => format!("It was last used {}.", Moment::new(at, now).text),
        },
        links: vec![
            (of_secret(&secret.client_id, &secret.secret_id, ""), "See who uses it"),
            (of_secret(&secret.client_id, &secret.secret_id, "/rotation"), "Rotate"),
        ],
    }
}

fn idle(secret: &Noted, what: &str, when: &str, now: UnixTime) -> Item {
    Item {
        rank: 5,
        aspect: "caution",
        what: format!("{} of {} {what}.", secret.name, secret.application),
        so: format!(
            "{when} {}. A secret that nobody needs is one that nobody misses.",
            Moment::new(secret.at, now).text
        ),
        links: vec![
            (of_secret(&secret.client_id, &secret.secret_id, ""), "See the secret"),
            (of_secret(&secret.client_id, &secret.secret_id, "/revocation"), "Revoke"),
        ],
    }
}

/// Whose limits were met since an hour: names, and where the limits are.
fn limited(conn: &mut Conn, since: i64) -> Result<Vec<(String, String, Hits)>, Error> {
    let mut rows = Vec::new();
    for (subject, hits) in limits::most_met(conn, since, NAMED)? {
        let found = match &subject {
            Subject::Application(client_id) => applications::find(conn, client_id)?
                .map(|found| (found.details.name, format!("/applications/{client_id}/limit"))),
            Subject::Resource(identifier) => resources::find_by_identifier(conn, identifier)?
                .map(|found| (found.name, format!("/apis/{}/limit", found.id))),
        };
        rows.extend(found.map(|(name, page)| (name, page, hits)));
    }
    Ok(rows)
}

fn met((name, page, hits): &(String, String, Hits)) -> Item {
    let (refused, watched) = (count::text(hits.refused), count::text(hits.watched));
    let enforced = hits.refused > 0;
    Item {
        rank: if enforced { 3 } else { 5 },
        aspect: "caution",
        what: format!("The limit on tokens of {name} was met in the last 24 hours."),
        so: match hits {
            Hits { watched: 0, .. } => format!("{refused} were refused."),
            Hits { refused: 0, .. } => {
                format!("{watched} would have been refused: the limit is only watched.")
            }
            _ => format!("{refused} were refused, and {watched} would have been."),
        },
        links: vec![(page.clone(), "See who"), ("/limits".to_owned(), "See all")],
    }
}

/// An application that fetches a token where it could keep one.
fn hoards(hoarder: &Hoarder, now: UnixTime) -> Item {
    let fetched = hoarder.fetched;
    let (tokens, needed) = (count::text(fetched.tokens), count::text(fetched.needed()));
    Item {
        rank: 3,
        aspect: "caution",
        what: format!(
            "{} fetched {tokens} tokens for {} where {needed} would do.",
            hoarder.name, hoarder.resource
        ),
        so: format!(
            "In the busy hours of one day, the last {}. A token there is good for {}; its quick \
             start keeps one.",
            Moment::new(hoarder.last_at, now).text,
            duration::text(fetched.lifetime)
        ),
        links: vec![
            (format!("/applications/{}#s-qs", hoarder.client_id), "See how to keep it"),
            ("/reports/hoarders".to_owned(), "See all"),
        ],
    }
}

/// A key that is about to be followed by the next, or that is never followed.
fn rotation(key: &SigningKey, policy: Policy, now: UnixTime) -> Option<Item> {
    if key.state != State::Current || key.purpose != Purpose::AccessTokens {
        return None;
    }
    let item = |aspect, what, so: &str, verb| Item {
        rank: 4,
        aspect,
        what,
        so: so.to_owned(),
        links: vec![("/keys".to_owned(), verb)],
    };
    match ends_at(key, policy) {
        Some(end) if end <= now + ROTATION => Some(item(
            "clear",
            format!(
                "{} tokens get a new signing key {}.",
                key.algorithm,
                Moment::new(end, now).text
            ),
            "Nothing to do: the next one is published already.",
            "See the keys",
        )),
        None if key.current_from.is_some_and(|from| now.since(from) >= SILENT) => Some(item(
            "caution",
            format!("The {} key has signed for over 90 days.", key.algorithm),
            "Rotation by timetable is switched off.",
            "See the keys",
        )),
        _ => None,
    }
}

fn of_secret(client_id: &str, secret_id: &str, rest: &str) -> String {
    format!("/applications/{client_id}/secrets/{secret_id}{rest}")
}

fn requests(count: i64, what: &str) -> String {
    if count == 1 {
        format!("1 request {what}")
    } else {
        format!("{} requests {what}", count::text(count))
    }
}
