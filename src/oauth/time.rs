//! Points in time, as values.
use std::ops::{Add, Sub};

/// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Microseconds, because the audit log orders events finer than a second;
/// claims use [`UnixTime::seconds`], a `NumericDate` of RFC 7519 §2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub i64);

impl UnixTime {
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Rounded down, so that an `iat` never lies in the future.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub const fn milliseconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The seconds from `earlier` to `self`, negative when `self` is earlier.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds((self.0 - earlier.0).div_euclid(1_000_000))
    }
}

impl Add<Seconds> for UnixTime {
    type Output = Self;

    fn add(self, rhs: Seconds) -> Self {
        Self(self.0.saturating_add(rhs.0.saturating_mul(1_000_000)))
    }
}

impl Sub<Seconds> for UnixTime {
    type Output = Self;

    fn sub(self, rhs: Seconds) -> Self {
        Self(self.0.saturating_sub(rhs.0.saturating_mul(1_000_000)))
    }
}

impl Seconds {
    pub const MINUTE: Self = Self(60);
    pub const HOUR: Self = Self(3_600);
    pub const DAY: Self = Self(86_400);

    pub const fn days(days: i64) -> Self {
        Self(days.saturating_mul(86_400))
    }
}
