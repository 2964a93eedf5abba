//! What a revocation hit: found out after it was committed, because it may
//! mean reading many rows of the log.
use crate::model::audit_event::{Event, TokenFacts};
use crate::model::revocation::{Exposure, Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::{self, Store, applications, audit_log, resources, revocations};

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

/// The tokens that a revocation hit, page by page of the log. Tokens are looked
/// for as far back as the longest lifetime that is set now.
fn of(store: &Store, recorded: &Recorded, ttl: Seconds) -> Result<Exposure, store::Error> {
    let revocation = &recorded.revocation;
    let mut exposure = Exposure { live_tokens: 0, accepted_until: None };
    let mut note = |event: &Event| {
        if let Some(until) = accepted_until(revocation, event, ttl) {
            exposure.live_tokens += 1;
            exposure.accepted_until = exposure.accepted_until.max(Some(until));
        }
    };
    if revocation.kind == Kind::Token {
        let row = store.read_blocking(|conn| audit_log::find(conn, &revocation.subject))?;
        row.and_then(|row| row.event()).iter().for_each(&mut note);
        return Ok(exposure);
    }
    let longest = store.read_blocking(|conn| -> Result<_, store::Error> {
        Ok(resources::longest_lifetime(conn)?.max(applications::longest_lifetime(conn)?))
    })?;
    let mut issued = audit_log::Issued {
        client_id: revocation.client_id.clone(),
        from: revocation.created_at - longest,
        to: revocation.not_before.min(revocation.created_at + Seconds::MINUTE),
        after: None,
    };
    loop {
        let rows = store.read_blocking(|conn| audit_log::issued(conn, &issued, ROWS))?;
        rows.iter().filter_map(audit_log::StoredEvent::event).for_each(|event| note(&event));
        issued.after = rows.last().map(|row| row.id.clone());
        if rows.len() < usize::try_from(ROWS).unwrap_or(usize::MAX) {
            return Ok(exposure);
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
