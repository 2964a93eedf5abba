//! What a revocation hit: found out after it was committed, because it may
//! mean reading many rows of the log.
use crate::model::audit_event::{Event, TokenFacts};
use crate::model::revocation::{Exposure, Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::audit_log::StoredEvent;
use crate::store::{self, Conn, Store, applications, audit_log, resources, revocations};

/// How many rows are read at a time.
const ROWS: i64 = 2_000;

/// How many revocations are looked into at a time.
const AT_ONCE: i64 = 200;

/// How long a status list takes from a revocation to its publication.
const PUBLICATION: Seconds = Seconds(2);

/// Finds out what the revocations hit of which it is not known. `ttl` is how
/// long a verifier may keep a status list. Returns how many were looked into.
///
/// # Errors
/// `Unavailable`: the log cannot be read. What is left is left for next time.
pub fn explore(store: &Store, ttl: Seconds) -> Result<usize, store::Error> {
    let found = store.read_blocking(|conn| revocations::unexplored(conn, AT_ONCE))?;
    for recorded in &found {
        let exposure = of(store, recorded, ttl)?;
        let id = &recorded.revocation.id;
        store.write_blocking(|conn| revocations::set_exposure(conn, id, exposure))?;
    }
    Ok(found.len())
}

/// The most tokens that a preview looks at.
pub const PREVIEWED: usize = 100_000;

/// What a revocation would hit, were it made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    pub live_tokens: u64,
    /// There may be more: not all were looked at.
    pub is_partial: bool,
    /// When the last of those that were looked at expires.
    pub last_expiry: Option<UnixTime>,
}

/// Looks at the tokens that `revocation` would hit, but at no more than
/// [`PREVIEWED`].
///
/// # Errors
/// `Unavailable`: the log cannot be read.
pub async fn preview(store: &Store, revocation: &Revocation) -> Result<Preview, store::Error> {
    let mut tally = Tally::new(revocation, NEVER);
    let mut looked_at = 0;
    let mut is_partial = false;
    if revocation.kind == Kind::Token {
        let id = revocation.subject.clone();
        let row = store.read(move |conn| audit_log::find(conn, &id)).await?;
        tally.note(row.as_slice());
    } else {
        let mut range = range(revocation, store.read(longest_lifetime).await?);
        loop {
            let asked = range.clone();
            let rows = store.read(move |conn| audit_log::issued(conn, &asked, ROWS)).await?;
            looked_at += rows.len();
            tally.note(&rows);
            if !turn_page(&mut range, &rows) {
                break;
            }
            if looked_at >= PREVIEWED {
                is_partial = true;
                break;
            }
        }
    }
    let Exposure { live_tokens, accepted_until: last_expiry } = tally.exposure;
    Ok(Preview { live_tokens, is_partial, last_expiry })
}

/// A verifier that reads no status list.
const NEVER: Seconds = Seconds::days(36_500);

/// The tokens that a revocation hit, page by page of the log. Tokens are looked
/// for as far back as the longest lifetime that is set now.
fn of(store: &Store, recorded: &Recorded, ttl: Seconds) -> Result<Exposure, store::Error> {
    let revocation = &recorded.revocation;
    let mut tally = Tally::new(revocation, ttl);
    if revocation.kind == Kind::Token {
        let row = store.read_blocking(|conn| audit_log::find(conn, &revocation.subject))?;
        tally.note(row.as_slice());
        return Ok(tally.exposure);
    }
    let mut range = range(revocation, store.read_blocking(longest_lifetime)?);
    loop {
        let rows = store.read_blocking(|conn| audit_log::issued(conn, &range, ROWS))?;
        tally.note(&rows);
        if !turn_page(&mut range, &rows) {
            return Ok(tally.exposure);
        }
    }
}

fn longest_lifetime(conn: &mut Conn) -> Result<Seconds, store::Error> {
    Ok(resources::longest_lifetime(conn)?.max(applications::longest_lifetime(conn)?))
}

/// Where in the log the tokens stand that `revocation` may touch.
fn range(revocation: &Revocation, longest: Seconds) -> audit_log::Issued {
    audit_log::Issued {
        client_id: revocation.client_id.clone(),
        from: revocation.created_at - longest,
        to: revocation.not_before.min(revocation.created_at + Seconds::MINUTE),
        after: None,
    }
}

/// Goes on after `rows`; `false` when they were the last.
fn turn_page(range: &mut audit_log::Issued, rows: &[StoredEvent]) -> bool {
    range.after = rows.last().map(|row| row.id.clone());
    rows.len() >= usize::try_from(ROWS).unwrap_or(usize::MAX)
}

/// What is counted of the tokens that are shown to it.
struct Tally<'r> {
    revocation: &'r Revocation,
    ttl: Seconds,
    exposure: Exposure,
}

impl<'r> Tally<'r> {
    fn new(revocation: &'r Revocation, ttl: Seconds) -> Self {
        let exposure = Exposure { live_tokens: 0, accepted_until: None };
        Self { revocation, ttl, exposure }
    }

    fn note(&mut self, rows: &[StoredEvent]) {
        for event in rows.iter().filter_map(StoredEvent::event) {
            if let Some(until) = accepted_until(self.revocation, &event, self.ttl) {
                self.exposure.live_tokens += 1;
                self.exposure.accepted_until = self.exposure.accepted_until.max(Some(until));
            }
        }
    }
}

/// Until when a verifier that asks nobody may accept the token that `event`
/// records; `None` when the revocation does not touch it or it had expired.
fn accepted_until(revocation: &Revocation, event: &Event, ttl: Seconds) -> Option<UnixTime> {
    let token = event.token.as_ref().filter(|_| event.code == "token.issued")?;
    let expires_at = UnixTime::from_seconds(token.exp?);
    let issued_at = UnixTime(event.at).seconds();
    let touched = names(revocation, event, token) && issued_at < revocation.not_before.seconds();
    (touched && expires_at > revocation.created_at).then(|| match token.status_list {
        Some(_) => expires_at.min(revocation.created_at + PUBLICATION + ttl),
        None => expires_at,
    })
}

fn names(revocation: &Revocation, event: &Event, token: &TokenFacts) -> bool {
    let subject = revocation.subject.as_str();
    match revocation.kind {
        Kind::Token => event.id == subject,
        Kind::Application => event.client_id.as_deref() == Some(subject),
        Kind::Secret => event.actor.credential_id.as_deref() == Some(subject),
        Kind::Resource => token.resource.iter().any(|resource| resource == subject),
        Kind::Key => token.kid.as_deref() == Some(subject),
        Kind::Everything => true,
    }
}
