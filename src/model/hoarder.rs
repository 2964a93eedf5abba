//! Who fetches tokens far more often than their lifetime requires.
use crate::oauth::time::Seconds;

/// Fewer tokens in an hour from one address than this are nobody's burden; the
/// index of such hours has the same number.
pub const MANY_AN_HOUR: i64 = 60;

/// Who keeps a token asks this many times as often at most: one that is renewed
/// early, some processes behind one address, restarts.
const TOLERANCE: i64 = 10;

/// What one application fetched for one API in its busy hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    pub tokens: i64,
    /// How many hours, counted for each address: behind each there is a process
    /// at least.
    pub address_hours: i64,
    /// How long a token is good for.
    pub lifetime: Seconds,
}

impl Fetched {
    /// How many would do: one for each address, renewed when four fifths of its
    /// life are over.
    pub fn needed(&self) -> i64 {
        let an_hour = (Seconds::HOUR.0 * 5).div_euclid(4 * self.lifetime.0.max(1)) + 1;
        an_hour.saturating_mul(self.address_hours.max(1))
    }

    /// How many times as many as needed were fetched.
    pub fn times(&self) -> i64 {
        self.tokens / self.needed()
    }

    pub fn is_hoarder(&self) -> bool {
        self.times() >= TOLERANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(tokens: i64, address_hours: i64, lifetime: i64) -> Fetched {
        Fetched { tokens, address_hours, lifetime: Seconds(lifetime) }
    }

    #[test]
    fn who_keeps_a_token_is_no_hoarder_however_many_processes_there_are() {
        // 600 seconds, renewed after 480: eight an hour and address.
        assert_eq!(fetched(0, 1, 600).needed(), 8);
        assert_eq!(fetched(0, 48, 600).needed(), 48 * 8);
        assert!(!fetched(8 * 200, 200, 600).is_hoarder());
        assert!(!fetched(79, 1, 600).is_hoarder(), "nine processes behind one address");
        // A token of thirty seconds is fetched often by who keeps it.
        assert!(!fetched(151 * 9, 1, 30).is_hoarder());
    }

    #[test]
    fn who_fetches_for_each_request_is_one() {
        assert_eq!(fetched(3_600, 1, 600).times(), 450);
        assert!(fetched(80, 1, 600).is_hoarder());
        // A day's token fetched each minute.
        assert!(fetched(MANY_AN_HOUR, 1, 86_400).is_hoarder());
        assert!(fetched(3_600, 1, 30).is_hoarder());
    }

    #[test]
    fn nothing_overflows() {
        assert!(fetched(i64::MAX, i64::MAX, 0).times() >= 0);
        assert!(!Fetched::default().is_hoarder());
    }
}
