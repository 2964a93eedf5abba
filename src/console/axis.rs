//! An axis of time that lives are drawn on, so that an overlap is seen and need
//! not be worked out. Pure: from moments to coordinates.
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

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

impl Axis {
    /// From `first` to `last`: at least 60 days back and 120 ahead, at most a
    /// year back and two ahead.
    pub fn over(first: Option<UnixTime>, last: Option<UnixTime>, now: UnixTime) -> Self {
        let (first, last) = (first.unwrap_or(now), last.unwrap_or(now));
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
    pub fn x(&self, at: UnixTime) -> f64 {
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
}
