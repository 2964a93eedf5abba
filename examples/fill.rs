//! Fills a new database with a past of ninety days, through the code that writes
//! the audit log, and asks every saved question of it, the slowest first.
//!
//! ```sh
//! cargo run --release --example fill -- sqlite:///tmp/past.db 1000000 100000 64
//! ```
//!
//! The last number is how many events were written in one commit. With `--only-ask`
//! the past is there already.
#![expect(clippy::print_stdout, reason = "it says what it measured")]
use std::time::Instant;

use anyhow::Context as _;
use countersign::admin::applications::NewApplication;
use countersign::admin::secrets::Tokens;
use countersign::admin::{Actor, Error, applications, grants, resources, revocations, secrets};
use countersign::host::{Clock, Entropy};
use countersign::model::application::ApplicationDetails;
use countersign::model::audit_event::{self, Event, Outcome, Source, TokenFacts};
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails, Scope};
use countersign::model::secret::NewSecret;
use countersign::model::usage::{self, Counts, Use};
use countersign::oauth::UnixTime;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::reports::report::{self, Parameter, Parameters};
use countersign::store::audit_log::{self, Filter, OutcomeFilter, StoredEvent};
use countersign::store::tallies::{self, Mark};
use countersign::store::{Checkpoint, Conn, Database, Store, audit_chains};

const DAYS: i64 = 90;
const APIS: usize = 20;
/// Unless a number is given.
const APPLICATIONS: usize = 1_000;
/// Applications that are registered in one transaction.
const AT_ONCE: usize = 5_000;
/// Unless a number is given.
const BATCH: usize = 512;
const CHAIN: &str = "main";

/// An application as the past knows it.
struct Caller {
    client_id: String,
    secret_id: String,
    api: usize,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let only_fills = arguments.next_if_eq("--only-fill").is_some();
    let only_asks = arguments.next_if_eq("--only-ask").is_some();
    let usage = "give the URL of a new database, a number of events, and one of applications";
    let url = arguments.next().context(usage)?;
    let database = Database::parse(&url).map_err(anyhow::Error::msg)?;
    if only_asks {
        return ask(&Store::open(database, 2)?, Clock::System.now());
    }
    let events: i64 = arguments.next().context(usage)?.parse().context(usage)?;
    let applications = arguments.next().map_or(Ok(APPLICATIONS), |text| text.parse());
    let applications = applications.context(usage)?;
    let batch = arguments.next().map_or(Ok(BATCH), |text| text.parse()).context(usage)?;
    let (store, entropy) = (Store::open(database, 2)?, Entropy::System);
    let now = Clock::System.now();
    let begin = now - Seconds::days(DAYS);
    let callers = register(&store, &entropy, begin - Seconds::HOUR, applications)?;
    let started = Instant::now();
    fill(&store, &entropy, &callers, (begin, now), (events, batch))?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{events} events in {seconds:.1} s");
    if only_fills { Ok(()) } else { ask(&store, now) }
}

/// APIs and applications, registered before the first event.
fn register(
    store: &Store,
    entropy: &Entropy,
    at: UnixTime,
    applications: usize,
) -> anyhow::Result<Vec<Caller>> {
    let actor = Actor::system(at, CHAIN, entropy);
    let scope = |n| Scope { name: format!("scope:{n}"), description: String::new() };
    for api in 0..APIS {
        let new = NewResource {
            identifier: identifier(api),
            details: ResourceDetails {
                name: format!("API {api}"),
                description: String::new(),
                token_lifetime: Seconds(600),
            },
            algorithm: Algorithm::Es256,
            scopes: (0..5).map(scope).collect(),
        };
        store.write_blocking(|conn| resources::create(conn, &actor, new))?;
    }
    let mut callers = Vec::new();
    let mut conn = store.connect()?;
    conn.cache(128)?;
    // One a millisecond: an import is no faster.
    let moment = |n| UnixTime(at.0 + i64::try_from(n).unwrap_or(0) * 1_000);
    while callers.len() < applications {
        let numbers = callers.len()..(callers.len() + AT_ONCE).min(applications);
        callers.extend(conn.transaction(|conn| {
            let each = |n| caller(conn, &Actor::system(moment(n), CHAIN, entropy), n);
            numbers.clone().map(each).collect::<Result<Vec<_>, _>>()
        })?);
        conn.checkpoint(Checkpoint::Restart)?;
    }
    Ok(callers)
}

fn caller(conn: &mut Conn, actor: &Actor, n: usize) -> Result<Caller, Error> {
    let api = n % APIS;
    let held = Access::Scopes(vec!["scope:0".to_owned(), "scope:1".to_owned()]);
    let new = NewApplication {
        details: ApplicationDetails { name: format!("app-{n:06}"), ..Default::default() },
        grants: vec![(identifier(api), held)],
        secret: Some(NewSecret { name: "initial".to_owned(), lifetime: None }),
    };
    let made = applications::create(conn, actor, new)?;
    let secret_id = made.secret.map(|(secret, _)| secret.id).unwrap_or_default();
    Ok(Caller { client_id: made.application.client_id, secret_id, api })
}

fn identifier(api: usize) -> String {
    format!("https://api.example.com/{api}")
}

/// Events evenly over the period, counted as the server counts them.
fn fill(
    store: &Store,
    entropy: &Entropy,
    callers: &[Caller],
    (begin, now): (UnixTime, UnixTime),
    (events, size): (i64, usize),
) -> anyhow::Result<()> {
    let mut conn = store.connect()?;
    conn.cache(128)?;
    let (mut counts, mut batch, mut day) = (Counts::default(), Vec::new(), usage::day(begin));
    let kept = usage::hour(now - Seconds::days(9));
    for n in 0..events {
        let at = UnixTime(begin.0 + (now.0 - begin.0) / events * n);
        let event = event(entropy, callers, n, at);
        if let Some(used) = Use::of(&event) {
            counts.note(&used);
        }
        batch.push(event);
        if batch.len() == size || n + 1 == events {
            conn.transaction(|conn| audit_chains::append(conn, CHAIN, &batch))?;
            batch.clear();
        }
        if usage::day(at) != day || n + 1 == events {
            day = usage::day(at);
            write(&mut conn, std::mem::take(&mut counts), kept)?;
            let actor = Actor::system(at, CHAIN, entropy);
            acts(&mut conn, &actor, callers, usize::try_from(day).unwrap_or(0))?;
            conn.checkpoint(Checkpoint::Restart)?;
        }
    }
    Ok(())
}

fn write(conn: &mut Conn, counts: Counts, kept: i64) -> anyhow::Result<()> {
    let mut sorted = usage::sorted(&[counts]);
    sorted.requests.retain(|(key, _)| key.hour >= kept);
    conn.transaction(|conn| {
        let done = audit_chains::position(conn, CHAIN)?;
        tallies::add(conn, &sorted, CHAIN, Mark { done, next: done, parts: 0 })
    })?;
    Ok(())
}

/// What people do on a day: of the applications at the end of the list some are
/// suspended, deleted, lose a grant or change their secret, and tokens are revoked.
fn acts(conn: &mut Conn, actor: &Actor, callers: &[Caller], day: usize) -> anyhow::Result<()> {
    const A_DAY: usize = 20;
    let reason = "a routine act";
    for n in 0..A_DAY {
        let from_end = (day * A_DAY + n) % (callers.len() / 2).max(1) + 1;
        let Some(caller) = callers.get(callers.len().saturating_sub(from_end)) else { break };
        let (client_id, api) = (caller.client_id.as_str(), identifier(caller.api));
        let act = |conn: &mut Conn| match n {
            0..3 => applications::suspend(conn, actor, client_id),
            3 => applications::delete(conn, actor, client_id).map(drop),
            4..8 => grants::remove(conn, actor, client_id, &api),
            8..12 => grants::set(conn, actor, client_id, &api, &Access::All),
            12..14 => {
                revocations::revoke(conn, actor, Kind::Application, client_id, reason).map(drop)
            }
            14..16 => secrets::revoke(conn, actor, client_id, &caller.secret_id, Tokens::Keep),
            _ => {
                let event = actor.event("audit.exported", Outcome::Success);
                Ok(audit_chains::append(conn, CHAIN, &[event]).map(drop)?)
            }
        };
        match conn.transaction(act) {
            // On a later day its turn comes again.
            Ok(()) | Err(Error::NotFound | Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Of a hundred, four refused, one an access and the rest issued; of a thousand,
/// one a sign-in. A few applications ask for most.
fn event(entropy: &Entropy, callers: &[Caller], n: i64, at: UnixTime) -> Event {
    let random = u64::from_be_bytes(entropy.bytes::<8>());
    let share = |of: u64| usize::try_from(random % of).unwrap_or(0);
    let place = if random & 0x100 == 0 { share(20) } else { share(callers.len() as u64) };
    let Some(caller) = callers.get(place) else { unreachable!("a share of them") };
    let (code, outcome, reason) = match n % 1_000 {
        0 => ("session.started", Outcome::Success, None),
        r if r % 100 == 1 => ("access.counted", Outcome::Success, None),
        r if r % 100 < 4 => ("token.denied", Outcome::Denied, Some("scope_not_granted")),
        r if r % 100 == 4 => ("token.denied", Outcome::Denied, Some("bad_secret")),
        _ => ("token.issued", Outcome::Success, None),
    };
    let mut event = Event::new(entropy.mark(at), at, code, outcome);
    let address = format!("10.{}.{}.{}", caller.api, place % 250, random % 3);
    event.source = Source::new(Some(address), Some("batch-worker/2.1"));
    event.reason = reason.map(Into::into);
    if code == "session.started" {
        let name = Some("Ada".to_owned());
        event.actor =
            audit_event::Actor { kind: "administrator".into(), name, ..Default::default() };
        return event;
    }
    event.client_id = Some(caller.client_id.clone());
    event.actor = audit_event::Actor {
        kind: "client".into(),
        id: Some(caller.client_id.clone()),
        method: Some("client_secret_basic".into()),
        credential_id: Some(caller.secret_id.clone()),
        ..Default::default()
    };
    let is_issued = code == "token.issued";
    event.token = code.starts_with("token.").then(|| TokenFacts {
        resource: vec![identifier(caller.api)],
        scope_requested: Some("scope:0 scope:1".to_owned()),
        scope_granted: is_issued.then(|| "scope:0 scope:1".to_owned()),
        jti: is_issued.then(|| event.id.clone()),
        kid: is_issued.then(|| "key-1".to_owned()),
        alg: is_issued.then(|| "ES256".into()),
        exp: is_issued.then(|| at.seconds() + 600),
        http_status: if is_issued { 200 } else { 401 },
        duration_us: 900,
        ..TokenFacts::default()
    });
    event
}

/// Every question over the whole past, with something to ask for.
fn ask(store: &Store, now: UnixTime) -> anyhow::Result<()> {
    let of_tokens = Filter {
        category: Some("token".to_owned()),
        outcome: Some(OutcomeFilter::Success),
        ..Filter::default()
    };
    let newest = store.read_blocking(|conn| audit_log::page(conn, &of_tokens, None, 1))?;
    let newest = newest.rows.first().and_then(StoredEvent::event).context("there is a token")?;
    let api = newest.resource().context("it is for an API")?;
    let mut answers = Vec::new();
    for report in report::all() {
        let mut told = Parameters::at(now);
        told.from = now - Seconds::days(DAYS);
        told.days = 0;
        told.secret.clone_from(&newest.actor.credential_id);
        told.token = Some(newest.id.clone());
        told.key = Some("key-1".to_owned());
        if report.takes(Parameter::Api) && report.takes(Parameter::Period) {
            told.api = Some(api.clone());
            told.scope = Some("scope:0".to_owned());
        }
        let mut milliseconds = Vec::new();
        let mut found = (0, false);
        for _ in 0..3 {
            let started = Instant::now();
            let table = store.read_blocking(|conn| report.ask(conn, &told))?;
            milliseconds.push(started.elapsed().as_millis());
            found = (table.rows.len(), table.is_cut);
        }
        answers.push((milliseconds, report.id, found));
    }
    answers.sort_by_key(|(milliseconds, ..)| std::cmp::Reverse(milliseconds.iter().max().copied()));
    println!("| Question | First, ms | Again, ms | Rows |\n|---|---:|---:|---|");
    for (milliseconds, id, (rows, is_cut)) in answers {
        let first = milliseconds.first().copied().unwrap_or_default();
        let again = milliseconds.iter().skip(1).max().copied().unwrap_or_default();
        let cut = if is_cut { ", and says that there are more" } else { "" };
        println!("| {id} | {first} | {again} | {rows}{cut} |");
    }
    Ok(())
}
