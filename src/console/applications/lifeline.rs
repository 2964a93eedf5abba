//! The lives of secrets on one axis of time, so that an overlap is seen and
//! need not be worked out. Pure: from secrets and a moment to coordinates.
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::show::SOON;
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The width of the drawing, in its own units.
pub const WIDTH: f64 = 340.0;

/// From when to when, and the months between.
pub struct Axis {
    start: UnixTime,
    end: UnixTime,
    pub months: Vec<Month>,
    pub today: f64,
}

pub struct Month {
    pub x: f64,
    pub name: String,
    /// Too near to today to be written.
    pub is_hidden: bool,
}

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
    pub label: String,
    /// The label stands left of the end, for want of room.
    pub label_left: bool,
}

impl Axis {
    /// Wide enough for every secret, but for a year back and two ahead.
    pub fn over(secrets: &[Secret], now: UnixTime) -> Self {
        let live = secrets.iter().filter(|secret| secret.revoked_at.is_none());
        let first = live.clone().map(|secret| secret.created_at).min().unwrap_or(now);
        let last = live.filter_map(|secret| secret.expires_at).max().unwrap_or(now);
        let start = first.min(now - Seconds::days(60)).max(now - Seconds::days(365));
        let end = last.max(now + Seconds::days(120)).min(now + Seconds::days(730));
        let margin = Seconds(end.since(start).0 / 20);
        let (start, end) = (start - margin, end + margin);
        let mut axis = Self { start, end, months: Vec::new(), today: 0.0 };
        axis.today = axis.x(now);
        axis.months = axis.months_between();
        axis
    }

    /// Where `at` stands, cut off at both ends, to a tenth.
    fn x(&self, at: UnixTime) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of decades fit")]
        let share = (at.0 - self.start.0) as f64 / (self.end.0 - self.start.0) as f64;
        (share.clamp(0.0, 1.0) * WIDTH * 10.0).round() / 10.0
    }

    fn months_between(&self) -> Vec<Month> {
        let date = |at: UnixTime| {
            let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
            at.to_zoned(TimeZone::UTC).date()
        };
        let whole_months = self.end.since(self.start).0 / Seconds::days(30).0;
        let step = (whole_months / 7 + 1).months();
        let mut months = Vec::new();
        let mut first = date(self.start).first_of_month();
        while let Ok(next) = first.checked_add(step) {
            first = next;
            let Ok(zoned) = first.to_zoned(TimeZone::UTC) else { break };
            let at = UnixTime(zoned.timestamp().as_microsecond());
            if at >= self.end {
                break;
            }
            let x = self.x(at);
            months.push(Month {
                x,
                name: first.strftime("%b").to_string(),
                is_hidden: (-48.0..24.0).contains(&(x - self.today)) || x > WIDTH - 20.0,
            });
        }
        months
    }

    pub fn lifeline(&self, secret: &Secret, now: UnixTime) -> Lifeline {
        let end = secret.revoked_at.or(secret.expires_at);
        let state = secret.state(now);
        let ends_soon = state == State::Active && end.is_some_and(|end| end <= now + SOON);
        let to = end.map_or(WIDTH, |end| self.x(end));
        Lifeline {
            class: match state {
                State::Active if ends_soon => "late",
                State::Active if secret.last_used_at.is_some() => "ok",
                State::Active | State::Expired | State::Revoked => "idle",
            },
            from: self.x(secret.created_at),
            done: self.x(end.unwrap_or(now).min(now)),
            to,
            ends: end.is_some(),
            ends_soon,
            label: label(state, end, now),
            label_left: to > WIDTH - 90.0,
        }
    }
}

fn label(state: State, end: Option<UnixTime>, now: UnixTime) -> String {
    match (state, end) {
        (State::Revoked, _) => "revoked".to_owned(),
        (State::Expired, _) => "expired".to_owned(),
        (State::Active, None) => "no end".to_owned(),
        (State::Active, Some(end)) => match (end.since(now).0 + 43_200) / 86_400 {
            0 => "ends today".to_owned(),
            1 => "1 day left".to_owned(),
            days => format!("{days} days left"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let axis = Axis::over(&secrets, NOW);
        for secret in &secrets {
            let life = axis.lifeline(secret, NOW);
            assert!(0.0 <= life.from && life.from <= life.done, "{}", life.label);
            assert!(life.done <= life.to && life.to <= WIDTH, "{}", life.label);
            assert!((life.done - axis.today).abs() < 0.11);
        }
        assert!(axis.months.len() <= 8 && axis.months.is_sorted_by(|a, b| a.x < b.x));
    }

    #[test]
    fn what_ends_within_two_weeks_is_late_and_what_nobody_uses_is_quiet() {
        let axis = Axis::over(&[], NOW);
        let life = |secret: &Secret| {
            let life = axis.lifeline(secret, NOW);
            (life.class, life.label)
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
