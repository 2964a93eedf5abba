//! Lengths of time as pages show them.
use crate::oauth::time::Seconds;
use crate::text;
use crate::texts::Text;

/// `10 minutes`, `1 hour`, `90 seconds`: in the largest unit that fits evenly.
pub fn text(length: Seconds) -> Text {
    match length.0 {
        s if s >= 86_400 && s % 86_400 == 0 => text!(s / 86_400 => "{n} day", "{n} days"),
        s if s >= 3_600 && s % 3_600 == 0 => text!(s / 3_600 => "{n} hour", "{n} hours"),
        s if s >= 60 && s % 60 == 0 => text!(s / 60 => "{n} minute", "{n} minutes"),
        s => text!(s => "{n} second", "{n} seconds"),
    }
}

/// What is left of a length, in its two largest units: `4 min 12 s`. The script
/// of the pages writes the same.
pub fn left(length: Seconds) -> Text {
    match length.0 {
        s if s >= 3_600 => {
            text!("{hours} h {minutes} min", hours = s / 3_600, minutes = s % 3_600 / 60)
        }
        s if s >= 60 => text!("{minutes} min {seconds} s", minutes = s / 60, seconds = s % 60),
        s => text!("{seconds} s", seconds = s.max(0)),
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
