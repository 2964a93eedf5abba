//! Lengths of time as pages show them.
use crate::oauth::time::Seconds;

/// `10 minutes`, `1 hour`, `90 seconds`: in the largest unit that fits evenly.
pub fn text(length: Seconds) -> String {
    let (count, unit) = match length.0 {
        s if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// What is left of a length, in its two largest units: `4 min 12 s`. The script
/// of the pages writes the same.
pub fn left(length: Seconds) -> String {
    match length.0 {
        s if s >= 3_600 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        s if s >= 60 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} s", s.max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_the_largest_unit_that_fits() {
        let told: Vec<_> =
            [30, 60, 90, 600, 3_600, 86_400].into_iter().map(|s| text(Seconds(s))).collect();
        assert_eq!(told, ["30 seconds", "1 minute", "90 seconds", "10 minutes", "1 hour", "1 day"]);
    }

    #[test]
    fn what_is_left_is_told_in_two_units() {
        let told: Vec<_> = [-1, 59, 60, 252, 7_440].into_iter().map(|s| left(Seconds(s))).collect();
        assert_eq!(told, ["0 s", "59 s", "1 min 0 s", "4 min 12 s", "2 h 4 min"]);
    }
}
