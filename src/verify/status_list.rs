//! The lists that tokens name, draft-ietf-oauth-status-list §§5, 6 and 8.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::http::Http;
use super::issuer::Issuer;
use super::jwks::Jwks;
use super::jws::{Expected, Jws};
use super::machine::Machine;
use super::{Refusal, What};
use crate::oauth::UnixTime;
use crate::oauth::access_token::Status;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::status_list::{Claims, MEDIA_TYPE, StatusList, TYPE, VALID};
use crate::oauth::time::Seconds;

/// Compressed and in base64url; and as it is.
const ENCODED_BYTES: u64 = 4 * 1_024 * 1_024;
const BYTES: usize = 4 * 1_024 * 1_024;

/// The most lists that are kept.
const LISTS: usize = 256;

/// How long a list may be kept that does not say so, and at most.
const TTL: i64 = 60;
const LONGEST_TTL: i64 = 86_400;

/// A list that cannot be fetched is asked for again so much later.
const RETRY: Seconds = Seconds(5);

/// Status lists by their URI.
pub struct StatusLists {
    issuer: Arc<Issuer>,
    jwks: Arc<Jwks>,
    algorithms: Vec<Algorithm>,
    leeway: Seconds,
    http: Http,
    machine: Machine,
    slots: Mutex<HashMap<String, Arc<Mutex<Slot>>>>,
}

#[derive(Default)]
struct Slot {
    list: Option<List>,
    /// No earlier question to the issuer.
    ask_at: UnixTime,
}

struct List {
    statuses: StatusList,
    /// `NumericDate`: not to be relied upon any more.
    ends: i64,
}

impl StatusLists {
    pub fn new(issuer: Arc<Issuer>, jwks: Arc<Jwks>, configuration: &super::Configuration) -> Self {
        Self {
            issuer,
            jwks,
            algorithms: configuration.algorithms.clone(),
            leeway: configuration.leeway,
            http: Http::new(configuration.timing.patience.max(Duration::from_secs(1))),
            machine: configuration.machine.clone(),
            slots: Mutex::default(),
        }
    }

    /// Whether the status is VALID (0). `None`: the issuer must be asked, and
    /// `wait` forbids it.
    pub fn check(&self, status: Option<&Status>, wait: bool) -> Option<Result<(), Refusal>> {
        let Some(status) = status else { return Some(Err(Refusal::NoStatus)) };
        let reference = &status.status_list;
        let Some(url) = self.issuer.locate(&reference.uri) else {
            return Some(Err(Refusal::NoStatus));
        };
        let slot = self.slot(&reference.uri);
        // Who asks the issuer holds the lock of the list.
        let mut slot = if wait {
            slot.lock().unwrap_or_else(PoisonError::into_inner)
        } else {
            slot.try_lock().ok()?
        };
        let now = self.machine.now();
        if now >= slot.ask_at {
            if !wait {
                return None;
            }
            slot.ask_at = now + RETRY;
            match self.fetch(&reference.uri, &url) {
                Ok((list, ttl)) => {
                    slot.ask_at = now + ttl;
                    slot.list = Some(list);
                }
                Err(error) => tracing::warn!(error, url, "verify.status_list_not_fetched"),
            }
        }
        let list = slot.list.as_ref().filter(|list| list.ends > now.seconds());
        Some(match list.map(|list| list.statuses.get(reference.idx)) {
            None => Err(Refusal::Unavailable(What::StatusList)),
            Some(None) => Err(Refusal::NoStatus),
            Some(Some(VALID)) => Ok(()),
            Some(Some(_)) => Err(Refusal::Revoked),
        })
    }

    fn slot(&self, uri: &str) -> Arc<Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(uri) {
            return slot.clone();
        }
        if slots.len() >= LISTS {
            slots.clear();
        }
        slots.entry(uri.to_owned()).or_default().clone()
    }

    fn fetch(&self, uri: &str, url: &str) -> Result<(List, Seconds), String> {
        let answer = self.http.get(url, MEDIA_TYPE, ENCODED_BYTES)?;
        let text = std::str::from_utf8(&answer.body).map_err(|_| "no text".to_owned())?;
        let claims = self.open(text.trim()).map_err(|refusal| refusal.to_string())?;
        let now = self.machine.now().seconds();
        let foreign = claims.iss.is_some_and(|iss| iss != self.issuer.url);
        if claims.sub != uri || foreign || claims.iat > now + self.leeway.0 {
            return Err("it is not the list that the token names".to_owned());
        }
        let ttl = claims.ttl.unwrap_or(TTL).clamp(1, LONGEST_TTL);
        let ends = claims.exp.unwrap_or_else(|| now.saturating_add(ttl));
        let statuses = StatusList::decode(&claims.status_list, BYTES).map_err(|e| e.to_string())?;
        Ok((List { statuses, ends }, Seconds(ttl)))
    }

    fn open(&self, token: &str) -> Result<Claims, Refusal> {
        let jws = Jws::parse(token, &Expected { typ: TYPE, algorithms: &self.algorithms })?;
        let unknown = |_| Refusal::Unavailable(What::Keys);
        let keys = self.jwks.with(&jws.kid, true).map_err(unknown)?;
        let key = keys.by_kid.get(&jws.kid).ok_or(Refusal::UnknownKey)?;
        serde_json::from_slice(&jws.open(key)?).map_err(|_| Refusal::Malformed)
    }
}
