//! Points in time as pages show them: UTC, and how long ago.
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::oauth::UnixTime;
use crate::text;
use crate::texts::{Language, Markup, Text, en, escaped};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for `datetime`.
    pub iso: String,
    /// Date and time to the second, with the zone.
    pub full: Text,
    /// Short: `2 min ago`, `in 3 days`, `23 Nov 2026`.
    pub text: Text,
}

impl Moment {
    /// `at` as it is seen at `now`.
    pub fn new(at: UnixTime, now: UnixTime) -> Self {
        Self {
            iso: format(at, "%Y-%m-%dT%H:%M:%S%.3fZ"),
            full: text!(
                "{date}, {clock} UTC",
                date = Self::date(at),
                clock = format(at, "%H:%M:%S")
            ),
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

    /// `23 Nov 2026`.
    pub fn date(at: UnixTime) -> Text {
        let (day, year) = (format(at, "%d"), format(at, "%Y"));
        text!("{day} {month} {year}", day, month = month(&format(at, "%m")), year)
    }
}

/// What `p::time` of the templates writes.
impl Markup for Moment {
    fn markup(&self, language: &Language) -> String {
        let words = |text: &Text| escaped(&text.in_words_of(language));
        let (full, text) = (words(&self.full), words(&self.text));
        format!("<time datetime=\"{}\" title=\"{full}\">{text}</time>", self.iso)
    }
}

/// The short name of the month `01`.
pub fn month(number: &str) -> Text {
    Text::new(match number {
        "01" => en("Jan"),
        "02" => en("Feb"),
        "03" => en("Mar"),
        "04" => en("Apr"),
        "05" => en("May"),
        "06" => en("Jun"),
        "07" => en("Jul"),
        "08" => en("Aug"),
        "09" => en("Sep"),
        "10" => en("Oct"),
        "11" => en("Nov"),
        _ => en("Dec"),
    })
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

fn relative(at: UnixTime, now: UnixTime) -> Text {
    let seconds = now.since(at).0;
    let (distance, is_past) = (seconds.abs(), seconds >= 0);
    let told = |n: i64, past: fn(i64) -> Text, ahead: fn(i64) -> Text| {
        if is_past { past(n) } else { ahead(n) }
    };
    match distance {
        0..10 if is_past => text!("just now"),
        0..60 => told(distance, |n| text!("{n} s ago", n), |n| text!("in {n} s", n)),
        60..3_600 => told(distance / 60, |n| text!("{n} min ago", n), |n| text!("in {n} min", n)),
        3_600..172_800 => {
            told(distance / 3_600, |n| text!("{n} h ago", n), |n| text!("in {n} h", n))
        }
        172_800..7_776_000 => told(
            distance / 86_400,
            |n| text!(n => "{n} day ago", "{n} days ago"),
            |n| text!(n => "in {n} day", "in {n} days"),
        ),
        _ => Moment::date(at),
    }
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
