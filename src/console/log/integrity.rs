//! `GET /log/integrity`: how far the log is sealed and signed, and how to see
//! for oneself; and what a verifier fetches, for who is signed in.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::audit::condition::State as Condition;
use crate::console::chrome::Chrome;
use crate::console::duration;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::keys::checkpoints::verifier_keys;
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::sealing::Status;
use crate::sealing::verification::UNSEALED;
use crate::store::audit_retention::Retention;
use crate::store::audit_seals::Progress;
use crate::store::audit_tree::State;
use crate::store::{
    Conn, Error, audit_redactions, audit_retention, audit_seals, audit_tree, signing_keys,
};
use crate::texts::{Text, en, filters};
use crate::web::App;
use crate::web::tlog::{Audience, answer};

#[derive(Template)]
#[template(path = "console/log/integrity.html")]
struct Integrity {
    chrome: Chrome,
    /// Whether this person says what is kept.
    keeps: bool,
    /// Whether the log can be written at all.
    store: Writing,
    standing: Standing,
    tree: State,
    /// The last checkpoint: when it was signed, and its text.
    signed: Option<(Moment, String)>,
    chains: Vec<Chain>,
    keys: Vec<Key>,
    witnesses: Vec<Witness>,
    /// Where anybody may read, if so.
    public_url: Option<String>,
    checkpoint_file: String,
    kept: Kept,
}

/// What became of the last commits.
struct Writing {
    aspect: &'static str,
    state: &'static str,
    /// Why nothing is written, and for how long.
    outage: Option<(String, Text)>,
    /// Revocations that are in force and wait for the database.
    waiting: usize,
    journal: String,
}

impl Writing {
    fn new(app: &App) -> Self {
        let condition = app.recorder.condition();
        let outage = condition.outage().map(|outage| {
            let seconds = i64::try_from(outage.began.elapsed().as_secs()).unwrap_or(i64::MAX);
            (outage.why, duration::text(Seconds(seconds)))
        });
        let (aspect, state) = of_log(condition.state());
        Self {
            aspect,
            state,
            outage,
            waiting: app.journal.waiting().len(),
            journal: app.journal.path().display().to_string(),
        }
    }
}

/// As [`Condition::caption`], in a sentence.
const fn of_log(state: Condition) -> (&'static str, &'static str) {
    match state {
        Condition::Ok => ("clear", en("The audit log is written.")),
        Condition::Low => ("caution", en("The disk is nearly full: no tokens are issued.")),
        Condition::Recovering => {
            ("caution", en("The audit log cannot be written: the database is being examined."))
        }
        Condition::Stalled => {
            ("danger", en("The audit log cannot be written: the database does not answer in time."))
        }
        Condition::Failed => ("danger", en("The audit log cannot be written.")),
    }
}

/// How long rows are kept.
struct Kept {
    /// `None`: for ever.
    days: Option<i64>,
    /// How many groups have no rows any more, and the time of the last of them.
    pruned: Option<(i64, Moment)>,
    /// Why nothing goes, who said so, and when.
    hold: Option<(String, String, Moment)>,
    /// How many rows have no text any more.
    redacted: i64,
    /// The stream that keeps rows that are due from going.
    waits_for: Option<String>,
}

/// What somebody who looks wants to know first.
enum Standing {
    /// Everything but the last seconds is sealed.
    Sealed,
    /// For how long something waits.
    Behind(Text),
    /// Nothing was sealed yet.
    Nothing,
    /// Why nothing is sealed any more.
    Forked(String),
}

struct Chain {
    of: Progress,
    since: Option<Moment>,
}

struct Key {
    text: String,
    state: &'static str,
    signs: Option<Moment>,
    ended: Option<Moment>,
}

struct Witness {
    name: String,
    url: String,
    signed: Option<(Moment, u64)>,
    failure: Option<String>,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let now = person.now();
    let (tree, chains, keys) = app.pages.read(move |conn| read(conn, now)).await?;
    let days = app.config.retention_days;
    let (retention, waits_for) = app.pages.read(move |conn| retained(conn, days, now)).await?;
    let redacted = app.pages.read(audit_redactions::count).await?;
    let status = app.sealing.status();
    let since = chains.iter().filter_map(|chain| chain.of.unsealed_since).min().map(UnixTime);
    let signed = SignedCheckpoint::parse(&tree.note).ok();
    page::html(&Integrity {
        chrome: person.chrome("/log/integrity"),
        keeps: person.must(Right::RetainLog).is_ok(),
        store: Writing::new(&app),
        standing: standing(&status, &tree, since, now),
        signed: signed.map(|signed| (Moment::new(tree.published_at(), now), signed.to_string())),
        chains,
        keys,
        witnesses: status
            .witnesses
            .iter()
            .map(|heard| Witness {
                name: heard.name.clone(),
                url: heard.url.clone(),
                signed: heard.signed.map(|(at, size)| (Moment::new(at, now), size)),
                failure: heard.failure.clone(),
            })
            .collect(),
        public_url: app.config.sealing.public.then(|| app.config.url("/audit/tlog")),
        checkpoint_file: app.config.sealing.checkpoint_file.display().to_string(),
        kept: Kept { redacted, waits_for, ..kept(days, retention, now) },
        tree,
    })
}

fn kept(days: Option<i64>, retention: Retention, now: UnixTime) -> Kept {
    let until = Moment::new(retention.pruned_until(), now);
    let held_at = Moment::new(retention.held_at(), now);
    Kept {
        days,
        pruned: (retention.minimum > 0).then_some((retention.minimum, until)),
        hold: (!retention.hold.is_empty()).then_some((retention.hold, retention.held_by, held_at)),
        waits_for: None,
        redacted: 0,
    }
}

fn retained(
    conn: &mut Conn,
    days: Option<i64>,
    now: UnixTime,
) -> Result<(Retention, Option<String>), Error> {
    let retention = audit_retention::find(conn)?;
    let Some(days) = days else { return Ok((retention, None)) };
    Ok((retention, audit_retention::waits_for(conn, now - Seconds::days(days))?))
}

/// `GET /log/tlog/…`: as `/audit/tlog/…`, whether or not that is public.
pub async fn tlog(
    _person: SignedIn,
    rest: web::Path<String>,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    Ok(answer(&app, &rest, Audience::Person).await?)
}

fn read(conn: &mut Conn, now: UnixTime) -> Result<(State, Vec<Chain>, Vec<Key>), Error> {
    let tree = audit_tree::find(conn)?;
    let chains = audit_seals::progress(conn)?
        .into_iter()
        .map(|of| Chain { since: of.unsealed_since.map(|at| Moment::new(UnixTime(at), now)), of });
    let chains = chains.collect();
    let stored = signing_keys::all(conn)?;
    let keys = verifier_keys(&stored, &tree.origin)
        .map(|(key, verifier)| Key {
            text: verifier.text(),
            state: state(key.state),
            signs: key.current_from.map(|at| Moment::new(at, now)),
            ended: key.ended_at.map(|at| Moment::new(at, now)),
        })
        .collect();
    Ok((tree, chains, keys))
}

const fn state(state: crate::model::signing_key::State) -> &'static str {
    use crate::model::signing_key::State;
    match state {
        State::Current => en("Signing"),
        State::Next => en("Stands by"),
        State::Retired | State::Removed => en("Signed before"),
        State::Revoked => en("Revoked"),
    }
}

fn standing(status: &Status, tree: &State, since: Option<UnixTime>, now: UnixTime) -> Standing {
    let forked = status.fork.clone().or_else(|| (!tree.fork.is_empty()).then(|| tree.fork.clone()));
    match (forked, since) {
        (Some(why), _) => Standing::Forked(why),
        (None, _) if tree.note.is_empty() => Standing::Nothing,
        (None, Some(since)) if since + UNSEALED < now => {
            Standing::Behind(duration::text(now.since(since)))
        }
        (None, _) => Standing::Sealed,
    }
}
