//! What an administrator should look at, over everything: ranked, each with what
//! was seen, a verb, and where it leads.
use std::collections::HashMap;

use super::applications::secrets::nudge;
use super::moment::Moment;
use super::nudge::Nudge;
use super::{count, duration};
use crate::model::limit::Hits;
use crate::model::nudge::{Dismissal, Kind, Matter, Urgency, divide};
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::{Policy, ends_at};
use crate::model::usage::{begin_of_hour, hour};
use crate::oauth::UnixTime;
use crate::oauth::limit::Subject;
use crate::oauth::time::Seconds;
use crate::reports::hoarders::{self, Hoarder};
use crate::store::attention::{self, Noted};
use crate::store::usage::{self, Ghost, Refused, Stranger};
use crate::store::{
    Conn, Error, applications, dismissals, limits, resources, secrets, signing_keys,
};

/// The most of a kind that are named.
const NAMED: usize = 5;
/// The most that are looked at of what was set aside.
const ASIDE: i64 = 500;

const ENDING: Seconds = Seconds::days(14);
const UNUSED: Seconds = Seconds::days(30);
const SILENT: Seconds = Seconds::days(90);
/// A secret that was used within this would be missed.
const IN_USE: Seconds = Seconds::days(2);
/// Fewer refusals in a day are nobody's work.
const REFUSALS: i64 = 5;
const ROTATION: Seconds = Seconds::days(7);
/// Who sends so many client ids that nobody has, within an hour, guesses.
const GUESSES: i64 = 20;

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
    limited: Vec<Limited>,
    strangers: Vec<Stranger>,
    /// What was set aside, the last first.
    dismissals: Vec<Dismissal>,
    /// Secret and application by the secret's id.
    secrets: HashMap<String, (String, String)>,
    applications: HashMap<String, String>,
}

/// Whose limit was met.
struct Limited {
    matter: Matter,
    name: String,
    page: String,
    hits: Hits,
}

/// What is said, the most urgent first, and what was set aside, the last first.
pub struct Work {
    pub said: Vec<Nudge>,
    pub aside: Vec<Dismissal>,
}

impl Seen {
    pub fn read(conn: &mut Conn, now: UnixTime) -> Result<Self, Error> {
        let day = hour(now - Seconds::DAY);
        let dismissals = dismissals::in_force(conn, now, ASIDE)?;
        // What is set aside takes no place of what is not.
        let room = |kind| {
            let aside = dismissals.iter().filter(|aside| aside.matter.kind == kind).count();
            i64::try_from(NAMED + aside).unwrap_or(i64::MAX)
        };
        let mut ghosts = usage::ghosts(conn, day, room(Kind::SecretGhost))?;
        let refused = usage::refused(conn, day, room(Kind::Refused))?;
        let (mut hoarders, _) = hoarders::find(conn, (day, hour(now) + 1), None)?;
        hoarders.truncate(usize::try_from(room(Kind::Hoarder)).unwrap_or_default());
        let ids: Vec<String> = ghosts.iter().map(|ghost| ghost.secret_id.clone()).collect();
        // Its application was restored: it works again.
        let back = secrets::names(conn, &ids)?;
        let is_back = |id: &String| back.iter().any(|(known, _)| known == id);
        ghosts.retain(|ghost| ghost.reason != "client_deleted" || !is_back(&ghost.secret_id));
        let clients: Vec<String> = refused.iter().map(|row| row.client_id.clone()).collect();
        let secrets = attention::names(conn, &ids)?.into_iter();
        Ok(Self {
            ending: attention::ending(conn, now, now + ENDING, room(Kind::SecretEnding))?,
            never_used: attention::never_used(conn, now, now - UNUSED, room(Kind::SecretUnused))?,
            silent: attention::silent(conn, now, now - SILENT, room(Kind::SecretSilent))?,
            keys: signing_keys::all(conn)?,
            hoarders,
            limited: limited(conn, day, room(Kind::LimitMet))?,
            strangers: usage::strangers(conn, day, GUESSES, room(Kind::Stranger))?,
            secrets: secrets.map(|(id, secret, application)| (id, (secret, application))).collect(),
            applications: applications::names(conn, &clients)?.into_iter().collect(),
            ghosts,
            refused,
            dismissals,
        })
    }

    /// What of it is said, and what was set aside.
    pub fn work(self, policy: Policy, now: UnixTime) -> Work {
        let nudges = self.nudges(policy, now);
        let live: Vec<(Matter, Urgency)> =
            nudges.iter().map(|nudge| (nudge.matter.clone(), nudge.urgency)).collect();
        let of = |nudge: &Nudge| (nudge.matter.clone(), nudge.urgency);
        let (mut said, _) = divide(nudges, of, &self.dismissals, now);
        let mut places: HashMap<Kind, usize> = HashMap::new();
        said.retain(|nudge| {
            let taken = places.entry(nudge.matter.kind).or_default();
            *taken += 1;
            *taken <= NAMED
        });
        // What became more urgent stands among what is said.
        let again = |aside: &Dismissal| {
            live.iter().any(|(matter, now)| *matter == aside.matter && *now > aside.urgency)
        };
        let aside = self.dismissals.into_iter().filter(|aside| !again(aside)).collect();
        Work { said, aside }
    }

    /// The most urgent first, whether or not they were set aside.
    pub fn nudges(&self, policy: Policy, now: UnixTime) -> Vec<Nudge> {
        let refused = self.refused.iter().filter(|row| row.requests >= REFUSALS);
        let mut nudges: Vec<(u8, Nudge)> = Vec::new();
        nudges.extend(self.ghosts.iter().map(|ghost| (0, self.ghost(ghost, now))));
        nudges.extend(self.ending.iter().map(|secret| ending(secret, now)));
        nudges.extend(refused.map(|row| (3, self.refused(row, now))));
        nudges.extend(self.strangers.iter().map(|stranger| (3, guesses(stranger, now))));
        nudges.extend(self.limited.iter().map(met));
        nudges.extend(self.hoarders.iter().map(|hoarder| (3, hoards(hoarder, now))));
        let keys = self.keys.iter().filter_map(|key| rotation(key, policy, now));
        nudges.extend(keys.map(|nudge| (4, nudge)));
        let unused = (Kind::SecretUnused, "was never used", "Made");
        nudges.extend(self.never_used.iter().map(|secret| (5, idle(secret, unused, now))));
        let silent = (Kind::SecretSilent, "is not used any more", "Last used");
        nudges.extend(self.silent.iter().map(|secret| (5, idle(secret, silent, now))));
        nudges.sort_by_key(|(rank, _)| *rank);
        nudges.into_iter().map(|(_, nudge)| nudge).collect()
    }

    fn ghost(&self, ghost: &Ghost, now: UnixTime) -> Nudge {
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
        Nudge {
            matter: Matter::new(Kind::SecretGhost, &ghost.client_id, &ghost.secret_id),
            urgency: Urgency::Urgent,
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

    fn refused(&self, row: &Refused, now: UnixTime) -> Nudge {
        let name = self.applications.get(&row.client_id).unwrap_or(&row.client_id);
        Nudge {
            matter: Matter::new(Kind::Refused, &row.client_id, ""),
            urgency: Urgency::Low,
            what: format!("{name} was refused {} times in 24 hours.", count::text(row.requests)),
            so: format!("The last time was {}.", Moment::new(row.last_at, now).text),
            links: vec![
                (format!("/log?application={}&outcome=refused", row.client_id), "See why"),
                (format!("/applications/{}", row.client_id), "See the application"),
            ],
        }
    }
}

fn ending(secret: &Noted, now: UnixTime) -> (u8, Nudge) {
    let in_use = secret.last_used_at.is_some_and(|at| now.since(at) < IN_USE);
    let urgency = nudge::ending(secret.at, in_use, now);
    let said = Nudge {
        matter: Matter::new(Kind::SecretEnding, &secret.client_id, &secret.secret_id),
        urgency,
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
    };
    (if urgency == Urgency::Urgent { 1 } else { 2 }, said)
}

/// Somebody who tries client ids.
fn guesses(stranger: &Stranger, now: UnixTime) -> Nudge {
    Nudge {
        matter: Matter::new(Kind::Stranger, "", &stranger.address),
        urgency: Urgency::Low,
        what: format!(
            "{} sent client IDs that nobody has, {} times within an hour.",
            stranger.address,
            count::text(stranger.requests)
        ),
        so: format!("The last time was {}.", Moment::new(stranger.last_at, now).text),
        links: vec![(
            format!("/log?q={}&reason=unknown_client", stranger.address),
            "See the requests",
        )],
    }
}

fn idle(secret: &Noted, (kind, what, when): (Kind, &str, &str), now: UnixTime) -> Nudge {
    Nudge {
        matter: Matter::new(kind, &secret.client_id, &secret.secret_id),
        urgency: Urgency::Low,
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
fn limited(conn: &mut Conn, since: i64, most: i64) -> Result<Vec<Limited>, Error> {
    let mut rows = Vec::new();
    for (subject, hits) in limits::most_met(conn, since, most)? {
        let (id, of) = match &subject {
            Subject::Application(client_id) => (client_id.as_str(), ""),
            Subject::Resource(identifier) => ("", identifier.as_str()),
        };
        let matter = Matter::new(Kind::LimitMet, id, of);
        let found = match &subject {
            Subject::Application(client_id) => applications::find(conn, client_id)?
                .map(|found| (found.details.name, format!("/applications/{client_id}/limit"))),
            Subject::Resource(identifier) => resources::find_by_identifier(conn, identifier)?
                .map(|found| (found.name, format!("/apis/{}/limit", found.id))),
        };
        rows.extend(found.map(|(name, page)| Limited { matter, name, page, hits }));
    }
    Ok(rows)
}

fn met(Limited { matter, name, page, hits }: &Limited) -> (u8, Nudge) {
    let (refused, watched) = (count::text(hits.refused), count::text(hits.watched));
    let said = Nudge {
        matter: matter.clone(),
        urgency: if hits.refused > 0 { Urgency::Raised } else { Urgency::Low },
        what: format!("The limit on tokens of {name} was met in the last 24 hours."),
        so: match hits {
            Hits { watched: 0, .. } => format!("{refused} were refused."),
            Hits { refused: 0, .. } => {
                format!("{watched} would have been refused: the limit is only watched.")
            }
            _ => format!("{refused} were refused, and {watched} would have been."),
        },
        links: vec![(page.clone(), "See who"), ("/limits".to_owned(), "See all")],
    };
    (if hits.refused > 0 { 3 } else { 5 }, said)
}

/// An application that fetches a token where it could keep one.
fn hoards(hoarder: &Hoarder, now: UnixTime) -> Nudge {
    let fetched = hoarder.fetched;
    let (tokens, needed) = (count::text(fetched.tokens), count::text(fetched.needed()));
    Nudge {
        matter: Matter::new(Kind::Hoarder, &hoarder.client_id, &hoarder.resource),
        urgency: Urgency::Low,
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
fn rotation(key: &SigningKey, policy: Policy, now: UnixTime) -> Option<Nudge> {
    if key.state != State::Current || key.purpose != Purpose::AccessTokens {
        return None;
    }
    let said = |urgency, what, so: &str| Nudge {
        matter: Matter::new(Kind::KeyRotation, "", &key.kid),
        urgency,
        what,
        so: so.to_owned(),
        links: vec![("/keys".to_owned(), "See the keys")],
    };
    match ends_at(key, policy) {
        Some(end) if end <= now + ROTATION => Some(said(
            Urgency::Calm,
            format!(
                "{} tokens get a new signing key {}.",
                key.algorithm,
                Moment::new(end, now).text
            ),
            "Nothing to do: the next one is published already.",
        )),
        None if key.current_from.is_some_and(|from| now.since(from) >= SILENT) => Some(said(
            Urgency::Low,
            format!("The {} key has signed for over 90 days.", key.algorithm),
            "Rotation by timetable is switched off.",
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
