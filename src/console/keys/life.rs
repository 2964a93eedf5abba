//! The life of a signing key on the axis: published, signing, still believed.
use crate::console::axis::Axis;
use crate::model::signing_key::{SigningKey, State};
use crate::model::timetable::{self, Policy, RETENTION};
use crate::oauth::UnixTime;

pub struct Life {
    /// From when to when it is published.
    pub from: f64,
    pub to: f64,
    /// From when to when it signs.
    pub signs_from: f64,
    pub signs_to: f64,
    /// Where of that the past ends.
    pub done: f64,
    /// Whether its end is known.
    pub ends: bool,
}

impl Life {
    pub fn new(key: &SigningKey, keys: &[SigningKey], policy: Policy, axis: &Axis) -> Self {
        let (from, to) = signs(key, keys, policy);
        let end = to.map(|to| to + RETENTION);
        let end = if key.state == State::Revoked { key.ended_at } else { end };
        let beyond = UnixTime(i64::MAX);
        let (signs_from, signs_to) = (axis.x(from.unwrap_or(beyond)), axis.x(to.unwrap_or(beyond)));
        Self {
            from: axis.x(key.created_at),
            to: axis.x(end.unwrap_or(beyond)),
            signs_from,
            signs_to,
            done: signs_to.min(axis.today).max(signs_from),
            ends: end.is_some(),
        }
    }
}

/// From when to when `key` signs, as far as that is known.
pub fn signs(
    key: &SigningKey,
    keys: &[SigningKey],
    policy: Policy,
) -> (Option<UnixTime>, Option<UnixTime>) {
    match key.state {
        State::Next => {
            let current = timetable::of(keys, key.purpose, key.algorithm, State::Current);
            let over = current.and_then(|current| timetable::ends_at(current, policy));
            let from = over.map(|over| over.max(timetable::safe_from(key, policy)));
            (from, from.zip(policy.period).map(|(from, period)| from + period))
        }
        State::Current => (key.current_from, timetable::ends_at(key, policy)),
        State::Retired | State::Removed | State::Revoked => (key.current_from, key.ended_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::signing_key::Purpose;
    use crate::oauth::algorithm::Algorithm;
    use crate::oauth::time::Seconds;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);
    const POLICY: Policy = Policy { lead: Seconds::DAY, period: Some(Seconds::days(90)) };

    fn key(state: State, created: i64, current: Option<i64>) -> SigningKey {
        SigningKey {
            kid: "k".into(),
            algorithm: Algorithm::Es256,
            purpose: Purpose::AccessTokens,
            state,
            public_jwk: String::new(),
            sealed_private_key: Vec::new(),
            created_at: NOW + Seconds::days(created),
            current_from: current.map(|days| NOW + Seconds::days(days)),
            ended_at: None,
        }
    }

    #[test]
    fn the_one_that_stands_by_signs_where_the_current_one_ends() {
        let keys = [key(State::Current, -50, Some(-30)), key(State::Next, -30, None)];
        let axis = Axis::over(Some(keys[0].created_at), Some(NOW + Seconds::days(160)), NOW);
        let [current, next] = [0, 1].map(|i| Life::new(&keys[i], &keys, POLICY, &axis));
        assert!((current.signs_to - next.signs_from).abs() < 0.11);
        assert!(current.from < current.signs_from && current.signs_from < current.done);
        assert!((current.done - axis.today).abs() < 0.11);
        assert!((next.done - next.signs_from).abs() < 0.11, "nothing of it is past");
        assert!(current.to > current.signs_to, "believed for a while after it signed");
    }
}
