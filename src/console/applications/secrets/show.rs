//! `/applications/{client_id}/secrets/{secret_id}`: who still uses a secret, and
//! whether it can be retired.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::console::applications::show::{self, Loaded};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{count, duration, page};
use crate::model::application::Application;
use crate::model::retirement::Use;
use crate::model::secret::{Secret, State};
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::{self, Presented};
use crate::store::{Conn, Error};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

/// How far back use is looked at, and how many addresses are named.
const OBSERVED: Seconds = Seconds::days(9);
const ADDRESSES: usize = 100;

#[derive(Template)]
#[template(path = "console/applications/secrets/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    application: Application,
    secret: Secret,
    state: State,
    created: Moment,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    last_used: Option<Moment>,
    verdict: Verdict,
    hosts: Vec<Host>,
    has_more: bool,
}

/// What is said of retiring it.
struct Verdict {
    aspect: &'static str,
    what: Text,
    so: Text,
}

/// An address, and what it presented.
struct Host {
    address: String,
    with_this: String,
    with_others: String,
    refused: String,
    last: Moment,
    /// It uses another secret by now, and this one no more.
    has_moved: bool,
}

/// What the database says of a secret's use.
struct Seen {
    loaded: Loaded,
    presented: Vec<Presented>,
    hours: Vec<(i64, UnixTime)>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (client_id, id) = path.into_inner();
    let now = person.now();
    let seen = {
        let (client_id, id) = (client_id.clone(), id.clone());
        app.pages.read(move |conn| read(conn, &client_id, &id, now)).await?
    };
    let Seen { loaded, presented, hours } = seen.ok_or(Failure::NotFound)?;
    let secret = loaded.secrets.into_iter().find(|secret| secret.id == id);
    let secret = secret.ok_or(Failure::NotFound)?;
    let moment = |at: Option<UnixTime>| at.map(|at| Moment::new(at, now));
    let state = secret.state(now);
    let hosts = hosts(&presented, &id, now);
    page::html(&Show {
        chrome: person.chrome("/applications"),
        manages: person.cares(),
        verdict: Verdict::of(state, Use::observed(&hours, secret.last_used_at, now), &hosts, now),
        application: loaded.application,
        state,
        created: Moment::new(secret.created_at, now),
        expires: moment(secret.expires_at),
        revoked: moment(secret.revoked_at),
        last_used: moment(secret.last_used_at),
        has_more: presented.len() > ADDRESSES,
        hosts,
        secret,
    })
}

fn read(conn: &mut Conn, client_id: &str, id: &str, now: UnixTime) -> Result<Option<Seen>, Error> {
    let Some(loaded) = show::read(conn, client_id)? else { return Ok(None) };
    let from = hour(now - OBSERVED);
    let most = i64::try_from(ADDRESSES + 1).unwrap_or(i64::MAX);
    Ok(Some(Seen {
        loaded,
        presented: usage::presented(conn, client_id, from, most)?,
        hours: usage::hours_of_secret(conn, client_id, id, from)?,
    }))
}

/// The addresses that presented this secret, those that still do first.
fn hosts(presented: &[Presented], id: &str, now: UnixTime) -> Vec<Host> {
    let mut hosts: Vec<(UnixTime, Host)> = presented
        .iter()
        .filter(|row| row.secret_id == id)
        .take(ADDRESSES)
        .map(|row| {
            let others = presented.iter().filter(|other| {
                other.address == row.address && other.secret_id != id && !other.secret_id.is_empty()
            });
            let with_others: i64 = others.clone().map(|other| other.issued).sum();
            let last_other = others.map(|other| other.last_at).max();
            let host = Host {
                address: row.address.clone(),
                with_this: count::text(row.issued),
                with_others: count::text(with_others),
                refused: if row.refused > 0 { count::text(row.refused) } else { String::new() },
                last: Moment::new(row.last_at, now),
                has_moved: last_other.is_some_and(|other| other > row.last_at),
            };
            (row.last_at, host)
        })
        .collect();
    hosts.sort_by_key(|(last, host)| (host.has_moved, std::cmp::Reverse(*last)));
    hosts.into_iter().map(|(_, host)| host).collect()
}

impl Verdict {
    fn of(state: State, seen: Use, hosts: &[Host], now: UnixTime) -> Self {
        let refused = hosts.iter().filter(|host| !host.refused.is_empty()).count();
        if state != State::Active {
            return Self::of_ended(state, refused);
        }
        match seen {
            Use::Never => Self::new(
                "clear",
                text!("It was never used."),
                text!("Nothing speaks against revoking it."),
            ),
            Use::LongAgo { last } => Self::new(
                "clear",
                text!(
                    "Safe to retire, by what was seen: last used {when}.",
                    when = Moment::new(last, now).text,
                ),
                text!("Not once in the last nine days. What runs more seldom was not seen."),
            ),
            Use::Active { last, longest_gap } => Self::new(
                "caution",
                text!(
                    "Still in use: the last token was got {when}.",
                    when = Moment::new(last, now).text,
                ),
                match longest_gap.0 {
                    0..3_600 => text!(
                        "It has to be silent for an hour, and longer than ever in the nine days that are looked at."
                    ),
                    _ => text!(
                        "It was silent for as long as {gap} before, in the nine days that are looked at.",
                        gap = duration::left(longest_gap),
                    ),
                },
            ),
            Use::Quiet { last, longest_gap } => Self::new(
                "clear",
                text!(
                    "Safe to retire, by what was seen: silent since {when}.",
                    when = Moment::new(last, now).full,
                ),
                text!(
                    "Its longest silence before, in the nine days that are looked at, was {gap}. What runs more seldom was not seen.",
                    gap = duration::left(longest_gap),
                ),
            ),
        }
    }

    /// Of one that does not work any more, and that `refused` addresses present.
    fn of_ended(state: State, refused: usize) -> Self {
        let is_expired = state == State::Expired;
        if refused == 0 {
            let what = if is_expired {
                text!("It is expired, and nobody presents it.")
            } else {
                text!("It is revoked, and nobody presents it.")
            };
            return Self::new("clear", what, Text::default());
        }
        let what = if is_expired {
            text!(
                refused =>
                    "It is expired, and an address still presents it.",
                    "It is expired, and {n} addresses still present it."
            )
        } else {
            text!(
                refused =>
                    "It is revoked, and an address still presents it.",
                    "It is revoked, and {n} addresses still present it."
            )
        };
        let so = text!("Each of their requests is refused. Move them, or stop them.");
        Self::new("danger", what, so)
    }

    fn new(aspect: &'static str, what: Text, so: Text) -> Self {
        Self { aspect, what, so }
    }
}
