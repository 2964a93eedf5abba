//! How long who fails to sign in has to wait. Pure; the counts are the
//! database's.
//!
//! Nobody is locked: a wait ends by itself, it is charged to where the attempt
//! came from and never to the account alone, and a browser that signed in to
//! the account before has a count of its own, which nobody else can charge
//! (OWASP, "device cookies").
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An account, from an address.
    Pair,
    /// An address, whatever the account: many may share it.
    Address,
    /// An account, in a browser that signed in to it before.
    Device,
}

/// What failed, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub failures: i64,
    pub last_at: UnixTime,
}

/// The longest wait.
pub const LONGEST: Seconds = Seconds(15 * 60);

/// How long it takes until one failure is forgiven. Not shorter than the
/// longest wait: else who goes on guessing would be let in faster and faster.
const FORGIVEN: Seconds = Seconds(15 * 60);

/// When a tally says nothing any more.
pub const FORGOTTEN: Seconds = Seconds::DAY;

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Address => "address",
            Self::Device => "device",
        }
    }

    /// Failures that cost no wait: people mistype.
    const fn free(self) -> i64 {
        match self {
            Self::Pair => 5,
            Self::Address => 20,
            Self::Device => 10,
        }
    }

    /// More do not make the wait longer, so they are not kept.
    const fn most(self) -> i64 {
        self.free() + 10
    }
}

impl Tally {
    /// The failures that still count at `now`.
    pub fn standing(self, now: UnixTime) -> i64 {
        let quiet = now.0.saturating_sub(self.last_at.0).max(0) / 1_000_000;
        let left = self.failures - quiet / FORGIVEN.0;
        left.max(0)
    }

    /// How long it is still to be waited at `now`; `None` when an attempt may
    /// be made. Doubles with each failure.
    pub fn wait(self, kind: Kind, now: UnixTime) -> Option<Seconds> {
        let over = self.failures - kind.free();
        if over < 0 {
            return None;
        }
        let doubled = 1_i64.checked_shl(u32::try_from(over).unwrap_or(63)).unwrap_or(i64::MAX);
        let until = self.last_at + Seconds(doubled.min(LONGEST.0));
        (until > now).then(|| Seconds((until.0 - now.0).div_euclid(1_000_000) + 1))
    }

    /// With one failure more.
    #[must_use]
    pub fn charged(self, kind: Kind, now: UnixTime) -> Self {
        Self { failures: (self.standing(now) + 1).min(kind.most()), last_at: now }
    }
}

/// What is counted as one address: an IPv4 address, or the first half of an
/// IPv6 one, since the other half is the caller's to choose.
pub fn place(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(four) => IpNet::from(IpAddr::V4(four)),
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            let network = Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0);
            IpNet::new(IpAddr::V6(network), 64).unwrap_or(IpNet::from(IpAddr::V6(six)))
        }
    }
}

/// Reads an address or a network, `203.0.113.0/24`.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn read_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let network = address.or_else(|_| text.parse::<IpNet>().map(|network| network.trunc()));
    let network = network.map_err(|_| {
        "Enter an address or a network, such as 203.0.113.9 or 203.0.113.0/24.".to_owned()
    })?;
    let widest = if matches!(network, IpNet::V4(_)) { 8 } else { 19 };
    if network.prefix_len() < widest {
        return Err(format!("This network is too wide: at least /{widest}."));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn after(failures: usize) -> Tally {
        (0..failures).fold(Tally::default(), |tally, _| tally.charged(Kind::Pair, NOW))
    }

    #[test]
    fn the_wait_doubles_after_five_failures_and_ends_at_a_quarter_of_an_hour() {
        let waits: Vec<_> = [4, 5, 6, 7, 8, 14, 15, 500]
            .into_iter()
            .map(|failures| after(failures).wait(Kind::Pair, NOW).map_or(0, |wait| wait.0 - 1))
            .collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 512, 900, 900]);
        assert_eq!(after(8).wait(Kind::Pair, NOW + Seconds(8)), None);
        assert_eq!(after(15).wait(Kind::Address, NOW), None, "an address may be many people");
    }

    #[test]
    fn failures_are_forgiven_one_by_one() {
        assert_eq!(after(6).standing(NOW + Seconds(899)), 6);
        assert_eq!(after(6).standing(NOW + Seconds(900)), 5);
        assert_eq!(after(6).standing(NOW + Seconds(6 * 900)), 0);
        assert_eq!(after(6).charged(Kind::Pair, NOW + Seconds(6 * 900)).failures, 1);
    }

    /// Whoever guesses as fast as it goes, for a day, from one address.
    #[test]
    fn an_address_gets_about_a_hundred_guesses_a_day_at_an_account() {
        let (mut tally, mut now, mut guesses) = (Tally::default(), NOW, 0);
        while now < NOW + Seconds::DAY {
            if let Some(wait) = tally.wait(Kind::Pair, now) {
                now = now + wait;
            } else {
                tally = tally.charged(Kind::Pair, now);
                guesses += 1;
            }
        }
        assert!((90..=115).contains(&guesses), "{guesses}");
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_the_longest(failures in 0..2_000_i64, ago in 0..2_000_i64) {
            for kind in [Kind::Pair, Kind::Address, Kind::Device] {
                let tally = Tally { failures, last_at: NOW };
                let wait = tally.wait(kind, NOW + Seconds(ago));
                prop_assert!(wait.is_none_or(|wait| wait.0 <= LONGEST.0 + 1));
                prop_assert!(tally.wait(kind, NOW + LONGEST).is_none());
                prop_assert!(tally.charged(kind, NOW).failures <= kind.most());
            }
        }
    }

    #[test]
    fn an_address_is_one_place_and_half_an_ipv6_address_is_one() {
        let place = |text: &str| place(text.parse().unwrap()).to_string();
        assert_eq!(place("203.0.113.9"), "203.0.113.9/32");
        assert_eq!(place("::ffff:203.0.113.9"), "203.0.113.9/32");
        assert_eq!(place("2001:db8:1:2:3::9"), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_network_is_read_and_not_half_of_the_world() {
        let read = |text| read_network(text).map(|network| network.to_string());
        assert_eq!(read(" 203.0.113.9 ").as_deref(), Ok("203.0.113.9/32"));
        assert_eq!(read("203.0.113.77/24").as_deref(), Ok("203.0.113.0/24"));
        assert_eq!(read("2001:db8::/32").as_deref(), Ok("2001:db8::/32"));
        for wrong in ["", "here", "0.0.0.0/0", "::/0", "203.0.113.0/33"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
