//! How much applications are used: what is counted of token requests, so that
//! no page has to read the log to count.
//!
//! What a stranger sends is never a key of its own: names that nothing here
//! bears are counted under the empty text, and of addresses only so many.
use std::collections::BTreeMap;
use std::hash::Hash;

use hashbrown::{Equivalent, HashMap};

use super::audit_event::{Event, TokenFacts};
use super::usage_key::{
    RequestKey, RequestRef, Requests, ScopeKey, ScopeRef, ScopeUse, TrafficKey,
};
use crate::oauth::UnixTime;
use crate::oauth::reason::{Check, Reason};
use crate::oauth::time::Seconds;

/// Clients are dealt out to this many parts, which are written one at a time.
pub const PARTS: usize = 4_096;

/// How much of a client id decides on its part. Eight characters are its time: those
/// that an import made at once are in 64 parts, and of each part together in an index.
const TOGETHER: usize = "m2m_".len() + 9;

/// The most addresses of strangers that a part tells apart until it is written.
const STRANGERS: usize = 64;

/// The most refused scopes of one request that are counted, and their length.
const SCOPES: usize = 8;
const SCOPE_CHARS: usize = 128;

/// The hour since 1970 in UTC that `at` lies in.
pub const fn hour(at: UnixTime) -> i64 {
    at.seconds().div_euclid(Seconds::HOUR.0)
}

/// The day since 1970 in UTC that `at` lies in.
pub const fn day(at: UnixTime) -> i64 {
    at.seconds().div_euclid(Seconds::DAY.0)
}

/// When an [`hour`] begins.
pub const fn begin_of_hour(hour: i64) -> UnixTime {
    UnixTime::from_seconds(hour.saturating_mul(Seconds::HOUR.0))
}

/// When a [`day`] begins.
pub const fn begin_of_day(day: i64) -> UnixTime {
    UnixTime::from_seconds(day.saturating_mul(Seconds::DAY.0))
}

/// Counts that are not written yet.
#[derive(Debug, Default)]
pub struct Counts {
    requests: HashMap<RequestKey, Requests>,
    scopes: HashMap<ScopeKey, ScopeUse>,
    strangers: usize,
}

/// [`Counts`] in the order of their keys, so that two processes write in the
/// same order and never wait for one another in a circle.
#[derive(Debug, Default)]
pub struct Sorted {
    pub requests: Vec<(RequestKey, Requests)>,
    pub scopes: Vec<(ScopeKey, ScopeUse)>,
    pub traffic: Vec<(TrafficKey, i64)>,
}

/// The part that requests of this client are counted in.
pub fn part(client_id: &str) -> usize {
    // FNV-1a: the same in every process and release.
    let hash = client_id.bytes().take(TOGETHER).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % PARTS as u64).unwrap_or(0)
}

/// What an event says of use; `None` when it is no token request.
pub struct Use<'e> {
    at: UnixTime,
    client_id: &'e str,
    resources: &'e [String],
    secret_id: &'e str,
    address: &'e str,
    reason: &'e str,
    granted: &'e str,
    refused: &'e str,
    count: i64,
}

impl<'e> Use<'e> {
    pub fn of(event: &'e Event) -> Option<Self> {
        let counted = match event.code.as_ref() {
            "token.issued" | "token.denied" | "token.failed" => 1,
            "token.denied_repeatedly" => event.flood.as_ref()?.count,
            _ => return None,
        };
        let reason = event.reason.as_deref().unwrap_or_default();
        let check = Reason::parse(reason).map(Reason::check);
        // Before the client was found its id is what somebody claims.
        let found = !matches!(reason, "unknown_client" | "client_mismatch")
            && check != Some(Check::Request);
        let reached =
            check.is_none_or(|check| check >= Check::Scope) && event.actor.credential_id.is_some();
        let facts = event.token.as_ref();
        let resources = facts.map(|facts| facts.resource.as_slice()).filter(|_| reached);
        let scopes = |scopes: fn(&TokenFacts) -> &Option<String>| {
            facts.and_then(|facts| scopes(facts).as_deref()).filter(|_| reached)
        };
        Some(Self {
            at: UnixTime(event.at),
            client_id: event.client_id.as_deref().filter(|_| found).unwrap_or_default(),
            resources: resources.unwrap_or_default(),
            secret_id: event.actor.credential_id.as_deref().unwrap_or_default(),
            address: event.source.address.as_deref().unwrap_or_default(),
            reason,
            granted: scopes(|facts| &facts.scope_granted).unwrap_or_default(),
            refused: scopes(|facts| &facts.scope_refused).unwrap_or_default(),
            count: i64::try_from(counted).unwrap_or(i64::MAX),
        })
    }

    pub fn part(&self) -> usize {
        part(self.client_id)
    }

    fn is_issued(&self) -> bool {
        self.reason.is_empty()
    }
}

impl Counts {
    pub fn note(&mut self, used: &Use<'_>) {
        let mut key = RequestRef {
            hour: hour(used.at),
            client_id: used.client_id,
            resource: used.resources.first().map_or("", String::as_str),
            secret_id: used.secret_id,
            address: used.address,
            reason: used.reason,
        };
        if used.secret_id.is_empty() && !self.requests.contains_key(&key) {
            if self.strangers < STRANGERS {
                self.strangers += 1;
            } else {
                key.address = "";
            }
        }
        update(&mut self.requests, &key, |requests| {
            requests.count += used.count;
            requests.last_at = requests.last_at.max(used.at.0);
        });
        for resource in used.resources {
            self.note_scope(used, resource, "", used.is_issued());
            for scope in used.granted.split_ascii_whitespace() {
                self.note_scope(used, resource, scope, true);
            }
            let refused = used.refused.split_ascii_whitespace();
            for scope in refused.filter(|scope| scope.len() <= SCOPE_CHARS).take(SCOPES) {
                self.note_scope(used, resource, scope, false);
            }
        }
    }

    fn note_scope(&mut self, used: &Use<'_>, resource: &str, scope: &str, granted: bool) {
        let key = ScopeRef { day: day(used.at), client_id: used.client_id, resource, scope };
        update(&mut self.scopes, &key, |counted| {
            *(if granted { &mut counted.granted } else { &mut counted.refused }) += used.count;
            counted.last_at = counted.last_at.max(used.at.0);
        });
    }

    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// How many rows it is to write, about.
    pub fn len(&self) -> usize {
        self.requests.len() + self.scopes.len()
    }
}

/// Everything that was counted.
pub fn sorted(parts: &[Counts]) -> Sorted {
    let mut traffic: BTreeMap<TrafficKey, i64> = BTreeMap::new();
    for (key, requests) in parts.iter().flat_map(|counts| &counts.requests) {
        let key = TrafficKey {
            hour: key.hour,
            resource: key.resource.clone(),
            reason: key.reason.clone(),
        };
        *traffic.entry(key).or_default() += requests.count;
    }
    Sorted {
        requests: ordered(parts.iter().flat_map(|counts| &counts.requests)),
        scopes: ordered(parts.iter().flat_map(|counts| &counts.scopes)),
        traffic: traffic.into_iter().collect(),
    }
}

fn ordered<'m, K: Ord + Clone + 'm, V: Copy + 'm>(
    counted: impl Iterator<Item = (&'m K, &'m V)>,
) -> Vec<(K, V)> {
    let mut rows: Vec<(K, V)> = counted.map(|(key, value)| (key.clone(), *value)).collect();
    rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    rows
}

/// Changes the value at `key`, whose texts are copied only when it is new.
fn update<K, V, Q>(map: &mut HashMap<K, V>, key: &Q, change: impl FnOnce(&mut V))
where
    K: Eq + Hash + for<'q> From<&'q Q>,
    V: Default,
    Q: Hash + Equivalent<K>,
{
    match map.get_mut(key) {
        Some(value) => change(value),
        None => change(map.entry(K::from(key)).or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{Mark, Outcome, Source};

    const API: &str = "https://api.example.com/billing";

    fn event(code: &'static str, reason: Option<&'static str>) -> Event {
        let outcome = if reason.is_none() { Outcome::Success } else { Outcome::Denied };
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime::from_seconds(1_700_000_000), code, outcome);
        event.reason = reason.map(Into::into);
        event.client_id = Some("m2m_1".into());
        event.source = Source::new(Some("192.0.2.1".into()), None);
        event.token = Some(TokenFacts { resource: vec![API.into()], ..TokenFacts::default() });
        event
    }

    fn counted(events: &[Event]) -> Sorted {
        let mut counts = Counts::default();
        for event in events {
            counts.note(&Use::of(event).unwrap());
        }
        sorted(&[counts])
    }

    fn issued(scopes: &str) -> Event {
        let mut event = event("token.issued", None);
        event.actor.credential_id = Some("sec_1".into());
        event.token.as_mut().unwrap().scope_granted = Some(scopes.into());
        event
    }

    #[test]
    fn tokens_are_counted_by_hour_and_their_scopes_by_day() {
        let sorted = counted(&[issued("read write"), issued("read")]);
        let [(key, requests)] = sorted.requests.as_slice() else { panic!("{sorted:?}") };
        assert_eq!((key.hour, requests.count), (472_222, 2));
        assert_eq!((key.secret_id.as_str(), key.address.as_str()), ("sec_1", "192.0.2.1"));
        let scopes: Vec<(&str, i64)> =
            sorted.scopes.iter().map(|(key, used)| (key.scope.as_str(), used.granted)).collect();
        assert_eq!(scopes, [("", 2), ("read", 2), ("write", 1)]);
        assert_eq!(sorted.traffic.iter().map(|(_, count)| count).sum::<i64>(), 2);
    }

    #[test]
    fn a_refused_scope_is_counted_as_asked_for() {
        let mut event = event("token.denied", Some("scope_not_granted"));
        event.actor.credential_id = Some("sec_1".into());
        event.token.as_mut().unwrap().scope_refused = Some("write".into());
        let sorted = counted(&[event]);
        let refused: Vec<(&str, i64)> =
            sorted.scopes.iter().map(|(key, used)| (key.scope.as_str(), used.refused)).collect();
        assert_eq!(refused, [("", 1), ("write", 1)]);
    }

    /// Or anybody could fill the tables with names of their own.
    #[test]
    fn what_a_stranger_claims_is_no_key() {
        for reason in ["unknown_client", "client_mismatch", "rate_limited", "no_credential"] {
            let sorted = counted(&[event("token.denied", Some(reason))]);
            let [(key, _)] = sorted.requests.as_slice() else { panic!("{sorted:?}") };
            assert_eq!((key.client_id.as_str(), key.resource.as_str()), ("", ""), "{reason}");
            assert!(sorted.scopes.is_empty(), "{reason}");
        }
    }

    #[test]
    fn an_api_that_was_not_reached_is_no_key_either() {
        let mut event = event("token.denied", Some("resource_not_granted"));
        event.actor.credential_id = Some("sec_1".into());
        let sorted = counted(&[event]);
        assert_eq!(sorted.requests.first().unwrap().0.resource, "");
        assert!(sorted.scopes.is_empty());
    }

    #[test]
    fn of_strangers_only_so_many_addresses_are_told_apart() {
        let from = |n: usize| {
            let mut event = event("token.denied", Some("bad_secret"));
            event.source = Source::new(Some(format!("2001:db8::{n:x}")), None);
            event
        };
        let events: Vec<Event> = (0..1_000).map(from).collect();
        let sorted = counted(&events);
        assert_eq!(sorted.requests.len(), STRANGERS + 1);
        assert_eq!(sorted.requests.iter().map(|(_, r)| r.count).sum::<i64>(), 1_000);
    }

    #[test]
    fn a_flood_counts_as_many_as_it_was() {
        let mut event = event("token.denied_repeatedly", Some("bad_secret"));
        event.token = None;
        let flood = crate::model::audit_event::FloodFacts {
            count: 40,
            first_at: 0,
            last_at: 0,
            samples: Vec::new(),
        };
        event.flood = Some(flood);
        assert_eq!(counted(&[event]).requests.first().unwrap().1.count, 40);
    }
}
