//! Points in time as pages show them: UTC, and how long ago.
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::oauth::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for `datetime`.
    pub iso: String,
    /// Date and time to the second, with the zone.
    pub full: String,
    /// Short: `2 min ago`, `in 3 days`, `23 Nov 2026`.
    pub text: String,
}

impl Moment {
    /// `at` as it is seen at `now`.
    pub fn new(at: UnixTime, now: UnixTime) -> Self {
        Self {
            iso: format(at, "%Y-%m-%dT%H:%M:%S%.3fZ"),
            full: format(at, "%d %b %Y, %H:%M:%S UTC"),
            text: relative(at, now),
        }
    }

    /// To the millisecond: `14:02:07.318`.
    pub fn clock(at: UnixTime) -> String {
        format(at, "%H:%M:%S%.3f")
    }

    /// `14:02`.
    pub fn minute(at: UnixTime) -> String {
        format(at, "%H:%M")
    }

    /// `2026-11`.
    pub fn month(at: UnixTime) -> String {
        format(at, "%Y-%m")
    }

    pub fn date(at: UnixTime) -> String {
        format(at, "%d %b %Y")
    }
}

/// `2026-11-23`, as [`parse`] reads it.
pub fn day(at: UnixTime) -> String {
    format(at, "%Y-%m-%d")
}

/// Reads `2026-11-23` or `2026-11-23T14:00` as UTC.
pub fn parse(text: &str) -> Option<UnixTime> {
    let date_time = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
        .ok()?;
    let zoned = date_time.to_zoned(TimeZone::UTC).ok()?;
    Some(UnixTime(zoned.timestamp().as_microsecond()))
}

/// As [`parse`] reads it, to the second.
pub fn to_the_second(at: UnixTime) -> String {
    format(at, "%Y-%m-%dT%H:%M:%S")
}

fn format(at: UnixTime, pattern: &str) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).strftime(pattern).to_string()
}

fn relative(at: UnixTime, now: UnixTime) -> String {
    let seconds = now.since(at).0;
    let amount = match seconds.abs() {
        0..10 if seconds >= 0 => return "just now".to_owned(),
        s @ 0..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min", s / 60),
        s @ 3_600..172_800 => format!("{} h", s / 3_600),
        s @ 172_800..7_776_000 => format!("{} days", s / 86_400),
        _ => return format(at, "%d %b %Y"),
    };
    if seconds >= 0 { format!("{amount} ago") } else { format!("in {amount}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::time::Seconds;

    #[test]
    fn near_moments_are_told_by_their_distance_and_far_ones_by_their_date() {
        let now = UnixTime::from_seconds(1_795_442_400);
        let text = |seconds| Moment::new(now + Seconds(seconds), now).text;
        assert_eq!(text(0), "just now");
        assert_eq!(text(-120), "2 min ago");
        assert_eq!(text(3 * 86_400), "in 3 days");
        assert_eq!(text(-400 * 86_400), "19 Oct 2025");
        assert_eq!(Moment::new(now, now).iso, "2026-11-23T14:00:00.000Z");
    }

    #[test]
    fn a_day_or_a_minute_is_read_in_utc() {
        assert_eq!(parse("2026-11-23T14:00"), Some(UnixTime::from_seconds(1_795_442_400)));
        assert_eq!(parse("2026-11-23"), Some(UnixTime::from_seconds(1_795_392_000)));
        assert_eq!(parse("yesterday"), None);
    }
}
