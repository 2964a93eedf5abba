//! What an application holds and does not use.
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// What speaks for keeping a grant or a scope, or against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A token carried it then.
    Used(UnixTime),
    /// It is held too short a time to tell.
    New(UnixTime),
    /// No token carried it for long; the last did then, if any is known.
    Idle(Option<UnixTime>),
}

impl Verdict {
    /// Of what is held since `since` and was last used at `last`, when `days`
    /// without use are long.
    pub fn of(since: UnixTime, last: Option<UnixTime>, now: UnixTime, days: i64) -> Self {
        let begin = now - Seconds::days(days);
        match last {
            Some(last) if last >= begin => Self::Used(last),
            _ if since > begin => Self::New(since),
            last => Self::Idle(last),
        }
    }

    pub const fn is_idle(self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_lately_or_granted_lately_is_kept() {
        let now = UnixTime::from_seconds(200 * 86_400);
        let ago = |days| now - Seconds::days(days);
        let of = |since, last: Option<i64>| Verdict::of(ago(since), last.map(ago), now, 90);
        assert_eq!(of(100, Some(90)), Verdict::Used(ago(90)));
        assert_eq!(of(100, Some(91)), Verdict::Idle(Some(ago(91))));
        assert_eq!(of(100, None), Verdict::Idle(None));
        assert_eq!(of(89, None), Verdict::New(ago(89)));
        assert_eq!(of(90, None), Verdict::Idle(None));
    }
}
