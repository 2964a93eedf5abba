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
use crate::text;
use crate::texts::{Text, en};

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
        nudges.extend(self.never_used.iter().map(|secret| (5, unused(secret, now))));
        nudges.extend(self.silent.iter().map(|secret| (5, silent(secret, now))));
        nudges.sort_by_key(|(rank, _)| *rank);
        nudges.into_iter().map(|(_, nudge)| nudge).collect()
    }

    fn ghost(&self, ghost: &Ghost, now: UnixTime) -> Nudge {
        let (secret, application) = self
            .secrets
            .get(&ghost.secret_id)
            .map_or((ghost.secret_id.as_str(), ghost.client_id.as_str()), |(s, a)| (s, a));
        let page = || of_secret(&ghost.client_id, &ghost.secret_id, "");
        let (what, link) = match ghost.reason.as_str() {
            "secret_expired" => (
                text!("{secret} of {application} expired, and is still sent.", secret, application),
                page(),
            ),
            "client_deleted" => (
                text!(
                    "{secret} of {application} went with its application, and is still sent.",
                    secret,
                    application
                ),
                format!("/log?q={}", ghost.client_id),
            ),
            _ => (
                text!(
                    "{secret} of {application} was revoked, and is still sent.",
                    secret,
                    application
                ),
                page(),
            ),
        };
        Nudge {
            matter: Matter::new(Kind::SecretGhost, &ghost.client_id, &ghost.secret_id),
            urgency: Urgency::Urgent,
            what,
            so: text!(
                ghost.requests =>
                    "{count} request refused since {first}, the last {last}.",
                    "{count} requests refused since {first}, the last {last}.",
                count = count::text(ghost.requests),
                first = Moment::new(begin_of_hour(ghost.first_hour), now).full,
                last = Moment::new(ghost.last_at, now).text,
            ),
            links: vec![(link, en("See who"))],
        }
    }

    fn refused(&self, row: &Refused, now: UnixTime) -> Nudge {
        let name = self.applications.get(&row.client_id).unwrap_or(&row.client_id);
        Nudge {
            matter: Matter::new(Kind::Refused, &row.client_id, ""),
            urgency: Urgency::Low,
            what: text!(
                "{name} was refused {count} times in 24 hours.",
                name,
                count = count::text(row.requests),
            ),
            so: text!("The last time was {when}.", when = Moment::new(row.last_at, now).text),
            links: vec![
                (format!("/log?application={}&outcome=refused", row.client_id), en("See why")),
                (format!("/applications/{}", row.client_id), en("See the application")),
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
        what: text!(
            "{secret} of {application} stops working {when}.",
            secret = &secret.name,
            application = &secret.application,
            when = Moment::new(secret.at, now).text,
        ),
        so: match secret.last_used_at {
            None => text!("It was never used."),
            Some(at) if in_use => {
                let when = Moment::new(at, now).text;
                text!("It is in use: the last token was got {when}.", when)
            }
            Some(at) => text!("It was last used {when}.", when = Moment::new(at, now).text),
        },
        links: vec![
            (of_secret(&secret.client_id, &secret.secret_id, ""), en("See who uses it")),
            (of_secret(&secret.client_id, &secret.secret_id, "/rotation"), en("Rotate")),
        ],
    };
    (if urgency == Urgency::Urgent { 1 } else { 2 }, said)
}

/// Somebody who tries client ids.
fn guesses(stranger: &Stranger, now: UnixTime) -> Nudge {
    Nudge {
        matter: Matter::new(Kind::Stranger, "", &stranger.address),
        urgency: Urgency::Low,
        what: text!(
            "{address} sent client IDs that nobody has, {count} times within an hour.",
            address = &stranger.address,
            count = count::text(stranger.requests),
        ),
        so: text!("The last time was {when}.", when = Moment::new(stranger.last_at, now).text),
        links: vec![(
            format!("/log?q={}&reason=unknown_client", stranger.address),
            en("See the requests"),
        )],
    }
}

fn unused(secret: &Noted, now: UnixTime) -> Nudge {
    let what = text!(
        "{secret} of {application} was never used.",
        secret = &secret.name,
        application = &secret.application,
    );
    let so = text!(
        "Made {when}. A secret that nobody needs is one that nobody misses.",
        when = Moment::new(secret.at, now).text,
    );
    idle(secret, Kind::SecretUnused, what, so)
}

fn silent(secret: &Noted, now: UnixTime) -> Nudge {
    let what = text!(
        "{secret} of {application} is not used any more.",
        secret = &secret.name,
        application = &secret.application,
    );
    let so = text!(
        "Last used {when}. A secret that nobody needs is one that nobody misses.",
        when = Moment::new(secret.at, now).text,
    );
    idle(secret, Kind::SecretSilent, what, so)
}

fn idle(secret: &Noted, kind: Kind, what: Text, so: Text) -> Nudge {
    Nudge {
        matter: Matter::new(kind, &secret.client_id, &secret.secret_id),
        urgency: Urgency::Low,
        what,
        so,
        links: vec![
            (of_secret(&secret.client_id, &secret.secret_id, ""), en("See the secret")),
            (of_secret(&secret.client_id, &secret.secret_id, "/revocation"), en("Revoke")),
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
        what: text!("The limit on tokens of {name} was met in the last 24 hours.", name),
        so: match hits {
            Hits { watched: 0, .. } => text!("{refused} were refused.", refused),
            Hits { refused: 0, .. } => {
                text!("{watched} would have been refused: the limit is only watched.", watched)
            }
            _ => text!("{refused} were refused, and {watched} would have been.", refused, watched),
        },
        links: vec![(page.clone(), en("See who")), ("/limits".to_owned(), en("See all"))],
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
        what: text!(
            "{name} fetched {tokens} tokens for {api} where {needed} would do.",
            name = &hoarder.name,
            tokens,
            api = &hoarder.resource,
            needed,
        ),
        so: text!(
            "In the busy hours of one day, the last {when}. A token there is good for {lifetime}; its quick start keeps one.",
            when = Moment::new(hoarder.last_at, now).text,
            lifetime = duration::text(fetched.lifetime),
        ),
        links: vec![
            (format!("/applications/{}#s-qs", hoarder.client_id), en("See how to keep it")),
            ("/reports/hoarders".to_owned(), en("See all")),
        ],
    }
}

/// A key that is about to be followed by the next, or that is never followed.
fn rotation(key: &SigningKey, policy: Policy, now: UnixTime) -> Option<Nudge> {
    if key.state != State::Current || key.purpose != Purpose::AccessTokens {
        return None;
    }
    let said = |urgency, what, so| Nudge {
        matter: Matter::new(Kind::KeyRotation, "", &key.kid),
        urgency,
        what,
        so,
        links: vec![("/keys".to_owned(), en("See the keys"))],
    };
    match ends_at(key, policy) {
        Some(end) if end <= now + ROTATION => Some(said(
            Urgency::Calm,
            text!(
                "{algorithm} tokens get a new signing key {when}.",
                algorithm = key.algorithm.to_string(),
                when = Moment::new(end, now).text,
            ),
            text!("Nothing to do: the next one is published already."),
        )),
        None if key.current_from.is_some_and(|from| now.since(from) >= SILENT) => Some(said(
            Urgency::Low,
            text!(
                "The {algorithm} key has signed for over 90 days.",
                algorithm = key.algorithm.to_string(),
            ),
            text!("Rotation by timetable is switched off."),
        )),
        _ => None,
    }
}

fn of_secret(client_id: &str, secret_id: &str, rest: &str) -> String {
    format!("/applications/{client_id}/secrets/{secret_id}{rest}")
}
