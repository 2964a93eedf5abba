//! Whether a secret can be retired: what was seen of its use, and what that
//! says. It never promises: a job that runs once a quarter was not seen.
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// A secret that was silent for less is never called quiet.
const LEAST: Seconds = Seconds::HOUR;

/// What was observed of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// No token was ever got with it.
    Never,
    /// It was used, but not in the time that is looked at.
    LongAgo { last: UnixTime },
    /// It is silent for less than it was before.
    Active { last: UnixTime, longest_gap: Seconds },
    /// It is silent for as long as it never was.
    Quiet { last: UnixTime, longest_gap: Seconds },
}

impl Use {
    /// `hours`: those in which it got tokens, with its last use in each, oldest
    /// first; `last`: its last use ever.
    pub fn observed(hours: &[(i64, UnixTime)], last: Option<UnixTime>, now: UnixTime) -> Self {
        let seen = hours.last().map(|(_, at)| *at).max(last);
        let Some(last) = seen else { return Self::Never };
        if hours.is_empty() {
            return Self::LongAgo { last };
        }
        let longest_gap = longest_gap(hours);
        if now.since(last) >= longest_gap.max(LEAST) {
            Self::Quiet { last, longest_gap }
        } else {
            Self::Active { last, longest_gap }
        }
    }

    /// Whether nothing that was seen speaks against ending it.
    pub const fn may_retire(self) -> bool {
        !matches!(self, Self::Active { .. })
    }
}

/// The longest time between two uses. Of an hour only its last use is known, so
/// what is said is too long rather than too short.
fn longest_gap(hours: &[(i64, UnixTime)]) -> Seconds {
    let gaps = hours.windows(2).filter_map(|pair| {
        let [(_, before), (_, at)] = pair else { return None };
        Some(at.since(*before))
    });
    gaps.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::usage::hour;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn hours(minutes_ago: &[i64]) -> Vec<(i64, UnixTime)> {
        let at = |minutes: &i64| NOW - Seconds(minutes * 60);
        minutes_ago.iter().map(|minutes| (hour(at(minutes)), at(minutes))).collect()
    }

    fn observed(minutes_ago: &[i64]) -> Use {
        let hours = hours(minutes_ago);
        Use::observed(&hours, hours.last().map(|(_, at)| *at), NOW)
    }

    #[test]
    fn a_secret_is_quiet_once_it_is_silent_for_longer_than_ever() {
        assert!(matches!(observed(&[600, 480, 360, 240, 100]), Use::Active { .. }));
        let quiet = observed(&[600, 480, 360, 240]);
        assert!(matches!(quiet, Use::Quiet { longest_gap: Seconds(7_200), .. }), "{quiet:?}");
    }

    #[test]
    fn an_hour_of_silence_is_the_least() {
        assert!(matches!(observed(&[30]), Use::Active { .. }));
        assert!(matches!(observed(&[61]), Use::Quiet { .. }));
    }

    #[test]
    fn what_was_never_used_or_long_ago_may_be_retired() {
        assert_eq!(Use::observed(&[], None, NOW), Use::Never);
        let last = NOW - Seconds::days(30);
        assert_eq!(Use::observed(&[], Some(last), NOW), Use::LongAgo { last });
        assert!(Use::Never.may_retire() && Use::LongAgo { last }.may_retire());
        assert!(!observed(&[5]).may_retire());
    }

    /// The last use is written sooner than the counts.
    #[test]
    fn a_use_that_is_not_counted_yet_keeps_it_active() {
        let seen = Use::observed(&hours(&[600]), Some(NOW - Seconds(10)), NOW);
        assert!(!seen.may_retire());
    }
}
