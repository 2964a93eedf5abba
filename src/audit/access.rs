//! Accesses that were decided on, counted by the minute: an API is called more
//! often than a log can hold, and a count by client and route still says who
//! used what, when.
use hashbrown::{Equivalent, HashMap};

use crate::model::audit_event::{AccessFacts, Actor, Event, Mark, Outcome};
use crate::oauth::UnixTime;

/// The most kinds that are told apart in a minute; the rest are counted
/// together.
const KINDS: usize = 10_000;

/// What makes accesses alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// `gate` or `introspection`.
    pub via: &'static str,
    /// The application that asked, at introspection.
    pub caller: Option<String>,
    /// Whose token it was, when that is known.
    pub client_id: Option<String>,
    /// The identifier of the API, when there is such an API.
    pub resource: Option<String>,
    /// What the gate was asked for: the method, when a route names it, and the
    /// route.
    pub method: Option<String>,
    pub route: Option<String>,
    pub decision: &'static str,
}

/// A [`Kind`] as a request has it: most are counted already, and cost no copy.
/// Its fields are those of [`Kind`], in their order: both hash alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindRef<'a> {
    pub via: &'static str,
    pub caller: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub resource: Option<&'a str>,
    pub method: Option<&'a str>,
    pub route: Option<&'a str>,
    pub decision: &'static str,
}

/// One access.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    pub kind: KindRef<'a>,
    /// Of its token, when that is ours.
    pub jti: Option<&'a str>,
    pub at: UnixTime,
}

impl Equivalent<Kind> for KindRef<'_> {
    fn equivalent(&self, kind: &Kind) -> bool {
        *self == kind.as_ref()
    }
}

impl KindRef<'_> {
    pub fn is_allowed(&self) -> bool {
        matches!(self.decision, "allowed" | "active")
    }

    fn to_kind(self) -> Kind {
        Kind {
            via: self.via,
            caller: self.caller.map(str::to_owned),
            client_id: self.client_id.map(str::to_owned),
            resource: self.resource.map(str::to_owned),
            method: self.method.map(str::to_owned),
            route: self.route.map(str::to_owned),
            decision: self.decision,
        }
    }
}

impl Kind {
    fn as_ref(&self) -> KindRef<'_> {
        KindRef {
            via: self.via,
            caller: self.caller.as_deref(),
            client_id: self.client_id.as_deref(),
            resource: self.resource.as_deref(),
            method: self.method.as_deref(),
            route: self.route.as_deref(),
            decision: self.decision,
        }
    }

    /// Those that are too many to be told apart.
    fn many(&self) -> Self {
        Self {
            via: self.via,
            caller: None,
            client_id: None,
            resource: None,
            method: None,
            route: None,
            decision: "many",
        }
    }
}

/// Accesses of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub count: u64,
    pub first_at: UnixTime,
    pub last_at: UnixTime,
}

/// The accesses of the minute.
#[derive(Debug, Default)]
pub struct Accesses {
    minute: i64,
    counts: HashMap<Kind, Count>,
    finished: Vec<(Kind, Count)>,
}

impl Accesses {
    pub fn note(&mut self, kind: KindRef<'_>, now: UnixTime) {
        self.turn(now);
        if let Some(count) = self.counts.get_mut(&kind) {
            count.count += 1;
            count.last_at = now;
            return;
        }
        let kind = kind.to_kind();
        let kind = if self.counts.len() >= KINDS { kind.many() } else { kind };
        let count =
            self.counts.entry(kind).or_insert(Count { count: 0, first_at: now, last_at: now });
        count.count += 1;
        count.last_at = now;
    }

    /// What was counted in minutes that are over.
    pub fn take_finished(&mut self, now: UnixTime) -> Vec<(Kind, Count)> {
        self.turn(now);
        std::mem::take(&mut self.finished)
    }

    /// Everything, the minute that is not over too.
    pub fn take_all(&mut self) -> Vec<(Kind, Count)> {
        self.finished.extend(self.counts.drain());
        std::mem::take(&mut self.finished)
    }

    /// Takes a count back that could not be written.
    pub fn keep(&mut self, kind: Kind, count: Count) {
        if self.finished.len() < KINDS {
            self.finished.push((kind, count));
        }
    }

    fn turn(&mut self, now: UnixTime) {
        let minute = now.seconds().div_euclid(60);
        if minute != self.minute {
            self.finished.extend(self.counts.drain());
            self.minute = minute;
        }
    }
}

/// The record of accesses of one kind.
pub fn counted(mark: Mark, now: UnixTime, kind: Kind, count: Count) -> Event {
    let mut event = event(mark, now, "access.counted", kind);
    if let Some(facts) = &mut event.access {
        facts.count = Some(count.count);
        facts.first_at = Some(count.first_at.0);
        facts.last_at = Some(count.last_at.0);
    }
    event
}

impl Access<'_> {
    /// Its record.
    pub fn event(self, mark: Mark) -> Event {
        let code = if self.kind.is_allowed() { "access.allowed" } else { "access.denied" };
        let mut event = event(mark, self.at, code, self.kind.to_kind());
        if let Some(facts) = &mut event.access {
            facts.jti = self.jti.map(str::to_owned);
        }
        event
    }
}

fn event(mark: Mark, now: UnixTime, code: &'static str, kind: Kind) -> Event {
    let is_allowed = kind.as_ref().is_allowed();
    let outcome = if is_allowed { Outcome::Success } else { Outcome::Denied };
    let mut event = Event::new(mark, now, code, outcome);
    event.reason = (!is_allowed).then(|| kind.decision.into());
    event.actor = Actor {
        kind: if kind.client_id.is_some() { "client" } else { "anonymous" }.into(),
        ..Actor::default()
    };
    event.client_id = kind.client_id;
    event.access = Some(AccessFacts {
        via: kind.via.into(),
        caller: kind.caller,
        resource: kind.resource,
        method: kind.method,
        route: kind.route,
        ..AccessFacts::default()
    });
    event
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;
    use crate::oauth::time::Seconds;

    const NOON: UnixTime = UnixTime::from_seconds(1_700_049_600);

    fn kind(client: &str) -> Kind {
        Kind {
            via: "gate",
            caller: None,
            client_id: Some(client.into()),
            resource: Some("urn:a".into()),
            method: Some("GET".into()),
            route: Some("/a/{id}".into()),
            decision: "allowed",
        }
    }

    #[test]
    fn a_minute_is_told_once_it_is_over_by_client_and_route() {
        let mut accesses = Accesses::default();
        for second in 0..30 {
            accesses.note(kind("m2m_1").as_ref(), NOON + Seconds(second));
        }
        accesses.note(kind("m2m_2").as_ref(), NOON);
        assert!(accesses.take_finished(NOON + Seconds(59)).is_empty());
        let mut finished = accesses.take_finished(NOON + Seconds(60));
        finished.sort_by_key(|(kind, _)| kind.client_id.clone());
        let counts: Vec<_> = finished.iter().map(|(_, count)| count.count).collect();
        assert_eq!(counts, [30, 1]);
        assert_eq!(finished[0].1.last_at, NOON + Seconds(29));
        assert!(accesses.take_finished(NOON + Seconds(61)).is_empty(), "told once");
    }

    #[test]
    fn a_minute_that_nobody_fetched_is_not_lost() {
        let mut accesses = Accesses::default();
        accesses.note(kind("m2m_1").as_ref(), NOON);
        accesses.note(kind("m2m_1").as_ref(), NOON + Seconds(60));
        accesses.note(kind("m2m_1").as_ref(), NOON + Seconds(120));
        assert_eq!(accesses.take_finished(NOON + Seconds(121)).len(), 2);
        assert_eq!(accesses.take_all().len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_nothing_goes_uncounted() {
        let mut accesses = Accesses::default();
        for number in 0..30_000 {
            accesses.note(kind(&number.to_string()).as_ref(), NOON);
        }
        let all = accesses.take_all();
        assert!(all.len() <= KINDS + 1);
        assert_eq!(all.iter().map(|(_, count)| count.count).sum::<u64>(), 30_000);
    }

    #[test]
    fn a_kind_is_found_by_what_a_request_has_of_it() {
        let hasher = hashbrown::DefaultHashBuilder::default();
        let kind = kind("m2m_1");
        assert_eq!(hasher.hash_one(&kind), hasher.hash_one(kind.as_ref()));
        assert_eq!(kind.as_ref().to_kind(), kind);
    }
}
