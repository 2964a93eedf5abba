//! The lists that tokens name, draft-ietf-oauth-status-list §§5, 6 and 8.
use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::http::Http;
use super::issuer::Issuer;
use super::jwks::Jwks;
use super::jws::{Expected, Jws};
use super::machine::Machine;
use super::{Refusal, What};
use crate::oauth::UnixTime;
use crate::oauth::access_token::Status;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::time::Seconds;

const TYPE: &str = "statuslist+jwt";
const MEDIA_TYPE: &str = "application/statuslist+jwt";

/// Compressed and in base64url; and as it is.
const ENCODED_BYTES: u64 = 4 * 1_024 * 1_024;
const BYTES: u64 = 4 * 1_024 * 1_024;

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
    bits: u8,
    bytes: Vec<u8>,
    /// `NumericDate`: not to be relied upon any more.
    ends: i64,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    iss: Option<String>,
    iat: i64,
    exp: Option<i64>,
    ttl: Option<i64>,
    status_list: Encoded,
}

#[derive(Deserialize)]
struct Encoded {
    bits: u8,
    lst: String,
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
        Some(match list.map(|list| list.status(reference.idx)) {
            None => Err(Refusal::Unavailable(What::StatusList)),
            Some(None) => Err(Refusal::NoStatus),
            Some(Some(0)) => Ok(()),
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
        let encoded = claims.status_list;
        Ok((List::decode(encoded.bits, &encoded.lst, ends)?, Seconds(ttl)))
    }

    fn open(&self, token: &str) -> Result<Claims, Refusal> {
        let jws = Jws::parse(token, &Expected { typ: TYPE, algorithms: &self.algorithms })?;
        let unknown = |_| Refusal::Unavailable(What::Keys);
        let keys = self.jwks.with(&jws.kid, true).map_err(unknown)?;
        let key = keys.by_kid.get(&jws.kid).ok_or(Refusal::UnknownKey)?;
        serde_json::from_slice(&jws.open(key)?).map_err(|_| Refusal::Malformed)
    }
}

impl List {
    fn decode(bits: u8, lst: &str, ends: i64) -> Result<Self, String> {
        if ![1, 2, 4, 8].contains(&bits) {
            return Err(format!("a status of {bits} bits"));
        }
        let packed = URL_SAFE_NO_PAD.decode(lst).map_err(|_| "lst is no base64url".to_owned())?;
        let mut bytes = Vec::new();
        ZlibDecoder::new(packed.as_slice())
            .take(BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("lst is no zlib: {error}"))?;
        if bytes.len() as u64 > BYTES {
            return Err(format!("the list has more than {BYTES} bytes"));
        }
        Ok(Self { bits, bytes, ends })
    }

    /// The status at `idx`, packed from the least significant bit on.
    fn status(&self, idx: u32) -> Option<u8> {
        let bit = u64::from(idx) * u64::from(self.bits);
        let byte = *self.bytes.get(usize::try_from(bit / 8).ok()?)?;
        let mask = u8::MAX >> (8 - self.bits);
        Some((byte >> (bit % 8)) & mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of §4.1 and §4.2 of the draft.
    #[test]
    fn statuses_are_packed_from_the_least_significant_bit() {
        let one = List::decode(1, "eNrbuRgAAhcBXQ", 0).unwrap();
        assert_eq!(one.bytes, [0xb9, 0xa3]);
        let statuses: Vec<u8> = (0..16).map(|idx| one.status(idx).unwrap()).collect();
        assert_eq!(statuses, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
        assert_eq!(one.status(16), None);
        assert_eq!(one.status(u32::MAX), None);

        let two = List::decode(2, "eNo76fITAAPfAgc", 0).unwrap();
        let statuses: Vec<u8> = (0..12).map(|idx| two.status(idx).unwrap()).collect();
        assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    }

    #[test]
    fn a_list_that_would_fill_the_memory_is_not_unpacked() {
        use std::io::Write as _;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 8 * 1_024 * 1_024]).unwrap();
        let bomb = URL_SAFE_NO_PAD.encode(encoder.finish().unwrap());
        assert!(List::decode(1, &bomb, 0).is_err());
        assert!(List::decode(3, "eNrbuRgAAhcBXQ", 0).is_err());
        assert!(List::decode(1, "AAAA", 0).is_err());
    }
}
