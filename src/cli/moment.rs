//! Moments as people type them.
use anyhow::Context as _;

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The begin of a day in UTC, or an RFC 3339 moment.
pub fn begin_of(text: &str) -> anyhow::Result<UnixTime> {
    Ok(read(text)?.0)
}

/// The last moment of a day in UTC, or an RFC 3339 moment.
pub fn end_of(text: &str) -> anyhow::Result<UnixTime> {
    let (begin, is_day) = read(text)?;
    Ok(if is_day { UnixTime((begin + Seconds::DAY).0 - 1) } else { begin })
}

/// The first moment after a day in UTC, or an RFC 3339 moment: an end that is
/// not part of the time it ends.
pub fn before_end_of(text: &str) -> anyhow::Result<UnixTime> {
    let (begin, is_day) = read(text)?;
    Ok(if is_day { begin + Seconds::DAY } else { begin })
}

fn read(text: &str) -> anyhow::Result<(UnixTime, bool)> {
    if let Ok(day) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        let begin = day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
        return Ok((UnixTime(begin.as_microsecond()), true));
    }
    let at: jiff::Timestamp = text.parse().with_context(|| {
        format!("{text:?} is no time: write it like 2026-11-23 or 2026-11-23T14:00:00Z")
    })?;
    Ok((UnixTime(at.as_microsecond()), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_whole() {
        let begin = UnixTime::from_seconds(1_795_392_000);
        assert_eq!(end_of("2026-11-23").unwrap(), UnixTime((begin + Seconds::DAY).0 - 1));
        let moment = end_of("2026-11-23T14:00:00Z").unwrap();
        assert_eq!(moment, UnixTime::from_seconds(1_795_442_400));
        assert!(end_of("yesterday").is_err() && end_of("2026-13-01").is_err());
    }
}
