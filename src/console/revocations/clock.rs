//! The exposure clock: for how long what was revoked may still be accepted by
//! somebody who asks nobody. Pure.
use crate::console::duration;
use crate::console::moment::Moment;
use crate::model::revocation::Recorded;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::texts::Text;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// What was hit has not been found out yet.
    Counting,
    /// No living token was hit.
    Nothing,
    Running(Running),
    /// It ran out at this moment.
    Over(Moment),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub until: Moment,
    /// Rounded up, so that it is not over too early.
    pub seconds: i64,
    /// `4 min 12 s`.
    pub left: Text,
    /// Of the whole time, in thousandths.
    pub share: i64,
    /// The whole time, in seconds.
    pub whole: i64,
}

impl Clock {
    pub fn new(recorded: &Recorded, now: UnixTime) -> Self {
        let Some(exposure) = recorded.exposure else { return Self::Counting };
        let Some(until) = exposure.accepted_until else { return Self::Nothing };
        if until <= now {
            return Self::Over(Moment::new(until, now));
        }
        let seconds = ceil(until.0 - now.0);
        let whole = ceil(until.0 - recorded.revocation.created_at.0).max(seconds);
        Self::Running(Running {
            until: Moment::new(until, now),
            seconds,
            left: duration::left(Seconds(seconds)),
            share: seconds * 1_000 / whole,
            whole,
        })
    }
}

/// Microseconds in whole seconds, rounded up.
const fn ceil(microseconds: i64) -> i64 {
    (microseconds + 999_999).div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::revocation::{Exposure, Revocation};
    use crate::oauth::revocation::Kind;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn recorded(exposure: Option<(u64, Option<i64>)>) -> Recorded {
        let revocation = Revocation::of_the_past("rev_1".into(), Kind::Everything, "", NOW);
        let exposure = exposure.map(|(live_tokens, until)| Exposure {
            live_tokens,
            accepted_until: until.map(|seconds| NOW + Seconds(seconds)),
        });
        Recorded { position: 1, revocation, exposure }
    }

    #[test]
    fn the_clock_runs_from_the_revocation_to_the_last_token() {
        let hit = recorded(Some((3, Some(600))));
        let at = |seconds| Clock::new(&hit, NOW + Seconds(seconds));
        let Clock::Running(half) = at(300) else { panic!("it runs") };
        assert_eq!((half.seconds, half.share, half.whole), (300, 500, 600));
        assert_eq!(half.left, "5 min 0 s");
        assert_eq!(half.until.full, "23 Nov 2026, 14:10:00 UTC");
        assert!(matches!(at(600), Clock::Over(_)));
        let Clock::Running(last) = Clock::new(&hit, UnixTime(NOW.0 + 599_999_999)) else {
            panic!("it runs to the end")
        };
        assert_eq!(last.left, "1 s");
    }

    #[test]
    fn what_is_not_known_is_not_guessed_and_nothing_is_told_from_over() {
        assert_eq!(Clock::new(&recorded(None), NOW + Seconds(900)), Clock::Counting);
        assert_eq!(Clock::new(&recorded(Some((0, None))), NOW), Clock::Nothing);
    }
}
