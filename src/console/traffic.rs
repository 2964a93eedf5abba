//! Everybody's token requests over time: issued above a line, refused below it
//! on a scale of their own. Pure: from counts by hour to a drawing.
use std::fmt::Write as _;

use super::count;
use super::log::words;
use super::moment::Moment;
use crate::model::usage::{begin_of_hour, hour};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::Traffic as Counted;
use crate::text;
use crate::texts::{Text, en};

/// The drawing: its width, where its line is, and the room below it.
const WIDTH: f64 = 960.0;
const LINE: f64 = 112.0;
const BELOW: f64 = 38.0;

/// The most reasons that are named.
const REASONS: usize = 5;

pub struct Traffic {
    /// What a bar stands for: `hour`, `6 hours`.
    pub step: &'static str,
    pub issued: String,
    pub refused: String,
    /// `0.25 %` of all.
    pub share: String,
    /// The ends of the two scales.
    pub top: String,
    pub middle: String,
    pub bottom: String,
    pub up: String,
    pub down: String,
    /// Below the drawing, from left to right.
    pub labels: Vec<Text>,
    pub reasons: Vec<Reason>,
    /// The numbers, for those who read rather than see: when, issued, refused.
    pub rows: Vec<(Moment, String, String)>,
}

/// Why requests were refused.
pub struct Reason {
    pub word: String,
    pub text: String,
    pub count: String,
    /// Of 100, of the most frequent.
    pub share: i64,
}

/// Hours of one bar.
#[derive(Clone, Copy, Default)]
struct Bar {
    issued: i64,
    refused: i64,
}

impl Traffic {
    /// Counts of the last `length` of time; a day has a bar for each hour, a
    /// month one for six.
    pub fn new(counted: &[Counted], length: Seconds, now: UnixTime) -> Self {
        let (per_bar, step) =
            if length > Seconds::days(7) { (6, en("6 hours")) } else { (1, en("hour")) };
        let first = hour(now - length) + 1;
        let bars = bars(counted, first, hour(now) + 1, per_bar);
        let issued: i64 = bars.iter().map(|bar| bar.issued).sum();
        let refused: i64 = bars.iter().map(|bar| bar.refused).sum();
        let top = ceiling(bars.iter().map(|bar| bar.issued).max());
        let bottom = ceiling(bars.iter().map(|bar| bar.refused).max());
        let label = |quarter: i64| {
            let at = begin_of_hour(first) + Seconds(length.0 * quarter / 4);
            if length <= Seconds::DAY { Text::data(Moment::minute(at)) } else { Moment::date(at) }
        };
        Self {
            step,
            issued: count::text(issued),
            refused: count::text(refused),
            share: percent(refused, issued + refused),
            top: count::text(top),
            middle: count::text(top / 2),
            bottom: count::text(bottom),
            up: path(bars.iter().map(|bar| bar.issued), top, -LINE),
            down: path(bars.iter().map(|bar| bar.refused), bottom, BELOW),
            labels: (0..4).map(label).chain([text!("now")]).collect(),
            reasons: reasons(counted, first),
            rows: rows(&bars, first, per_bar, length, now),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.issued == "0" && self.refused == "0"
    }
}

fn bars(counted: &[Counted], first: i64, end: i64, per_bar: i64) -> Vec<Bar> {
    let number = (end - first + per_bar - 1) / per_bar;
    let mut bars = vec![Bar::default(); usize::try_from(number).unwrap_or(0)];
    for row in counted.iter().filter(|row| row.hour >= first) {
        let place = usize::try_from((row.hour - first) / per_bar).unwrap_or(usize::MAX);
        let Some(bar) = bars.get_mut(place) else { continue };
        *(if row.reason.is_empty() { &mut bar.issued } else { &mut bar.refused }) += row.requests;
    }
    bars
}

/// The next of 1, 2, 5, 10, 20 … that nothing exceeds.
fn ceiling(most: Option<i64>) -> i64 {
    let most = most.unwrap_or(0).max(1);
    let mut unit = 1_i64;
    loop {
        if let Some(found) = [1, 2, 5].into_iter().map(|n| n * unit).find(|n| *n >= most) {
            return found;
        }
        unit = unit.saturating_mul(10);
    }
}

/// One path for all bars: a bar that is something is never nothing.
fn path(values: impl ExactSizeIterator<Item = i64>, most: i64, room: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred bars, and shares of a scale")]
    let (slot, most) = (WIDTH / values.len().max(1) as f64, most as f64);
    let gap = (slot * 0.12).min(2.0);
    let mut path = String::new();
    for (place, value) in values.enumerate().filter(|(_, value)| *value > 0) {
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let (x, share) = (place as f64 * slot + gap, value as f64 / most);
        let height = room.signum() * (room.abs() * share).max(2.0);
        // Writing to a string cannot fail.
        let _ = write!(path, "M{x:.1} {LINE}v{height:.1}h{:.1}V{LINE}z", slot - 2.0 * gap);
    }
    path
}

fn percent(part: i64, whole: i64) -> String {
    let hundredths = part.saturating_mul(10_000).checked_div(whole).unwrap_or(0);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn reasons(counted: &[Counted], first: i64) -> Vec<Reason> {
    let mut sums: Vec<(&str, i64)> = Vec::new();
    for row in counted.iter().filter(|row| row.hour >= first && !row.reason.is_empty()) {
        match sums.iter_mut().find(|(word, _)| *word == row.reason) {
            Some((_, sum)) => *sum += row.requests,
            None => sums.push((&row.reason, row.requests)),
        }
    }
    sums.sort_by(|(a, x), (b, y)| y.cmp(x).then(a.cmp(b)));
    let most = sums.first().map_or(1, |(_, sum)| *sum);
    sums.into_iter()
        .take(REASONS)
        .map(|(word, sum)| Reason {
            word: word.to_owned(),
            text: words::reason(word).to_owned(),
            count: count::text(sum),
            share: sum.saturating_mul(100) / most,
        })
        .collect()
}

/// A row for each bar of a day; for each day of more.
fn rows(
    bars: &[Bar],
    first: i64,
    per_bar: i64,
    length: Seconds,
    now: UnixTime,
) -> Vec<(Moment, String, String)> {
    let per_row = if length <= Seconds::DAY { 1 } else { 24 / per_bar };
    let size = usize::try_from(per_row).unwrap_or(1);
    (0_i64..)
        .zip(bars.chunks(size))
        .map(|(place, bars)| {
            let at = begin_of_hour(first + place * per_row * per_bar);
            let sum = |of: fn(&Bar) -> i64| count::text(bars.iter().map(of).sum());
            (Moment::new(at, now), sum(|bar| bar.issued), sum(|bar| bar.refused))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn counted(hours_ago: i64, reason: &str, requests: i64) -> Counted {
        Counted { hour: hour(NOW) - hours_ago, reason: reason.into(), requests }
    }

    #[test]
    fn a_day_is_drawn_by_the_hour_with_both_scales() {
        let rows = [
            counted(0, "", 30),
            counted(1, "", 1_400),
            counted(1, "bad_secret", 8),
            counted(2, "secret_expired", 12),
            counted(24, "", 99),
        ];
        let traffic = Traffic::new(&rows, Seconds::DAY, NOW);
        assert_eq!((traffic.issued.as_str(), traffic.refused.as_str()), ("1,430", "20"));
        assert_eq!((traffic.top.as_str(), traffic.bottom.as_str()), ("2,000", "20"));
        assert_eq!((traffic.up.matches('M').count(), traffic.down.matches('M').count()), (2, 2));
        assert_eq!(traffic.rows.len(), 24);
        assert_eq!(traffic.share, "1.37 %");
        let words: Vec<&str> = traffic.reasons.iter().map(|why| why.word.as_str()).collect();
        assert_eq!(words, ["secret_expired", "bad_secret"]);
    }

    #[test]
    fn a_month_is_drawn_in_steps_of_six_hours_and_told_by_the_day() {
        let traffic = Traffic::new(&[counted(719, "", 5)], Seconds::days(30), NOW);
        assert_eq!((traffic.step, traffic.rows.len()), ("6 hours", 30));
        assert_eq!(traffic.issued, "5");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let traffic = Traffic::new(&[], Seconds::DAY, NOW);
        assert!(traffic.is_empty() && traffic.up.is_empty() && traffic.down.is_empty());
    }
}
