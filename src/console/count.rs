//! Numbers as pages show them.

/// `1,204`.
pub fn text(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let told: Vec<_> = [0, 999, 1_000, 1_234_567, -1_000].into_iter().map(text).collect();
        assert_eq!(told, ["0", "999", "1,000", "1,234,567", "-1,000"]);
    }
}
