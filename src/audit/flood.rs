//! The flood rule: refusals are made by whoever likes, so they must not fill
//! the log. The first of a kind in a minute are written, the rest counted, and
//! the count is written when the minute is over. Nothing goes unrecorded.
use std::collections::HashMap;
use std::net::IpAddr;

use crate::oauth::UnixTime;

/// How many refusals of a kind are written out in a minute.
pub const WRITTEN: u64 = 20;

/// The most kinds that are told apart in a minute; the rest are counted
/// together.
const KINDS: usize = 10_000;

/// The most request ids that stand for the ones counted.
const SAMPLES: usize = 5;

/// What makes refusals alike: where they came from, whom they name, why they
/// were refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// An IPv4 address, or the first half of an IPv6 one: the other half is
    /// the caller's to choose.
    pub address: Option<IpAddr>,
    /// `None` for clients that do not exist: their names too are the caller's
    /// to choose.
    pub client_id: Option<String>,
    pub reason: String,
    /// Whether somebody tried to sign in, and not a client to get a token.
    pub is_sign_in: bool,
}

/// Refusals of one kind that were only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub count: u64,
    pub first_at: UnixTime,
    pub last_at: UnixTime,
    pub samples: Vec<String>,
}

/// The refusals of the minute.
#[derive(Debug, Default)]
pub struct Flood {
    minute: i64,
    seen: HashMap<Kind, (u64, Option<Count>)>,
}

impl Flood {
    /// Whether this refusal is to be written out. If not, it was counted.
    pub fn admits(&mut self, kind: Kind, request_id: &str, now: UnixTime) -> bool {
        let full = self.seen.len() >= KINDS && !self.seen.contains_key(&kind);
        let kind = if full { Kind::new(None, None, "many") } else { kind };
        let (seen, counted) = self.seen.entry(kind).or_insert((0, None));
        *seen += 1;
        if *seen <= WRITTEN {
            return true;
        }
        let count = counted.get_or_insert_with(|| Count {
            count: 0,
            first_at: now,
            last_at: now,
            samples: Vec::new(),
        });
        count.count += 1;
        count.last_at = now;
        if count.samples.len() < SAMPLES {
            count.samples.push(request_id.to_owned());
        }
        false
    }

    /// What was counted in the minute before, once it is over.
    pub fn take_finished(&mut self, now: UnixTime) -> Vec<(Kind, Count)> {
        let minute = now.seconds().div_euclid(60);
        if minute == self.minute {
            return Vec::new();
        }
        self.minute = minute;
        self.take_all()
    }

    /// Takes a count back that could not be written.
    pub fn keep(&mut self, kind: Kind, count: Count) {
        if self.seen.len() < KINDS {
            let (_, counted) = self.seen.entry(kind).or_insert((WRITTEN, None));
            match counted {
                Some(known) => known.count += count.count,
                None => *counted = Some(count),
            }
        }
    }

    /// What was counted so far.
    pub fn take_all(&mut self) -> Vec<(Kind, Count)> {
        let seen = std::mem::take(&mut self.seen);
        seen.into_iter().filter_map(|(kind, (_, count))| Some((kind, count?))).collect()
    }
}

impl Kind {
    pub fn new(address: Option<IpAddr>, client_id: Option<String>, reason: &str) -> Self {
        let prefix = |address: IpAddr| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(six) => {
                let [a, b, c, d, ..] = six.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
        };
        Self {
            address: address.map(prefix),
            client_id,
            reason: reason.to_owned(),
            is_sign_in: false,
        }
    }

    /// The same, of people who sign in.
    #[must_use]
    pub fn of_sessions(self) -> Self {
        Self { is_sign_in: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::time::Seconds;

    const NOON: UnixTime = UnixTime::from_seconds(1_700_000_080);

    fn kind(address: &str) -> Kind {
        Kind::new(Some(address.parse().unwrap()), None, "unknown_client")
    }

    #[test]
    fn after_twenty_alike_in_a_minute_they_are_counted_and_the_count_is_kept() {
        let mut flood = Flood::default();
        let _ = flood.take_finished(NOON);
        let written =
            (0..100).filter(|i| flood.admits(kind("10.0.0.1"), &format!("r{i}"), NOON)).count();
        assert_eq!(written, 20);
        assert!(flood.admits(kind("10.0.0.2"), "other", NOON), "another address is another kind");

        assert!(flood.take_finished(NOON + Seconds(19)).is_empty(), "the minute is not over");
        let finished = flood.take_finished(NOON + Seconds(20));
        assert_eq!(finished.len(), 1);
        assert_eq!(finished[0].1.count, 80);
        assert_eq!(finished[0].1.samples, ["r20", "r21", "r22", "r23", "r24"]);
        assert!(flood.admits(kind("10.0.0.1"), "next", NOON + Seconds(20)));
    }

    #[test]
    fn an_ipv6_caller_cannot_change_its_half_of_the_address_to_be_another() {
        assert_eq!(kind("2001:db8::1"), kind("2001:db8::ffff:2"));
        assert_ne!(kind("2001:db8::1"), kind("2001:db8:0:1::1"));
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut flood = Flood::default();
        for i in 0..30_000_u32 {
            flood.admits(Kind::new(Some(IpAddr::from(i.to_be_bytes())), None, "x"), "r", NOON);
        }
        assert!(flood.seen.len() <= KINDS + 1);
    }
}
