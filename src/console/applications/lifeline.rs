//! The lives of secrets on one axis of time.
use super::show::SOON;
use crate::console::axis::{Axis, WIDTH};
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::text;
use crate::texts::Text;

/// One secret on the axis.
pub struct Lifeline {
    /// `ok`, `late`, or `idle` when nobody uses it: not yet, or no more.
    pub class: &'static str,
    pub from: f64,
    /// Where the thick part, the past, ends.
    pub done: f64,
    pub to: f64,
    /// Whether it has an end at all.
    pub ends: bool,
    pub ends_soon: bool,
    /// What stands at the end: `169 days left`.
    pub label: Text,
    /// The label stands left of the end, for want of room.
    pub label_left: bool,
}

/// The axis that is wide enough for every secret in use.
pub fn axis(secrets: &[Secret], now: UnixTime) -> Axis {
    let live = secrets.iter().filter(|secret| secret.revoked_at.is_none());
    let first = live.clone().map(|secret| secret.created_at).min();
    Axis::over(first, live.filter_map(|secret| secret.expires_at).max(), now)
}

impl Lifeline {
    pub fn new(secret: &Secret, axis: &Axis, now: UnixTime) -> Self {
        let end = secret.revoked_at.or(secret.expires_at);
        let state = secret.state(now);
        let ends_soon = state == State::Active && end.is_some_and(|end| end <= now + SOON);
        let to = end.map_or(WIDTH, |end| axis.x(end));
        Self {
            class: match state {
                State::Active if ends_soon => "late",
                State::Active if secret.last_used_at.is_some() => "ok",
                State::Active | State::Expired | State::Revoked => "idle",
            },
            from: axis.x(secret.created_at),
            done: axis.x(end.unwrap_or(now).min(now)),
            to,
            ends: end.is_some(),
            ends_soon,
            label: label(state, end, now),
            label_left: to > WIDTH - 90.0,
        }
    }
}

fn label(state: State, end: Option<UnixTime>, now: UnixTime) -> Text {
    match (state, end) {
        (State::Revoked, _) => text!("revoked"),
        (State::Expired, _) => text!("expired"),
        (State::Active, None) => text!("no end"),
        (State::Active, Some(end)) => match (end.since(now).0 + 43_200) / 86_400 {
            0 => text!("ends today"),
            days => text!(days => "{n} day left", "{n} days left"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::time::Seconds;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn secret(created: i64, expires: Option<i64>) -> Secret {
        Secret {
            id: "sec_1".into(),
            client_id: "m2m_1".into(),
            name: "a".into(),
            hint: "abcd".into(),
            created_by: "Ada".into(),
            created_at: NOW + Seconds::days(created),
            expires_at: expires.map(|days| NOW + Seconds::days(days)),
            revoked_at: None,
            last_used_at: Some(NOW),
        }
    }

    #[test]
    fn every_life_lies_on_the_axis_and_the_past_ends_today() {
        let secrets = [secret(-10, Some(170)), secret(-190, Some(3)), secret(-5_000, None)];
        let axis = axis(&secrets, NOW);
        for secret in &secrets {
            let life = Lifeline::new(secret, &axis, NOW);
            assert!(0.0 <= life.from && life.from <= life.done, "{}", life.label);
            assert!(life.done <= life.to && life.to <= WIDTH, "{}", life.label);
            assert!((life.done - axis.today).abs() < 0.11);
        }
        assert!(axis.months.len() <= 8 && axis.months.is_sorted_by(|a, b| a.x < b.x));
    }

    #[test]
    fn what_ends_within_two_weeks_is_late_and_what_nobody_uses_is_quiet() {
        let axis = axis(&[], NOW);
        let life = |secret: &Secret| {
            let life = Lifeline::new(secret, &axis, NOW);
            (life.class, life.label.to_string())
        };
        assert_eq!(life(&secret(-1, Some(15))), ("ok", "15 days left".to_owned()));
        assert_eq!(life(&secret(-1, Some(14))), ("late", "14 days left".to_owned()));
        assert_eq!(life(&secret(-9, Some(-1))), ("idle", "expired".to_owned()));
        assert_eq!(life(&secret(-9, None)), ("ok", "no end".to_owned()));
        let mut revoked = secret(-9, Some(9));
        revoked.revoked_at = Some(NOW - Seconds::DAY);
        assert_eq!(life(&revoked), ("idle", "revoked".to_owned()));
        let unused = Secret { last_used_at: None, ..secret(-9, Some(90)) };
        assert_eq!(life(&unused), ("idle", "90 days left".to_owned()));
    }
}
