//! Codes that stand in for a second factor that was lost, each once.
use aws_lc_rs::digest;
use ulid::Ulid;
use zeroize::Zeroizing;

/// How many somebody gets.
pub const CODES: usize = 10;

/// Characters of a code without its hyphens: 128 bits.
const LENGTH: usize = 26;

/// A code as it is shown, once. Not printed, wiped when dropped.
pub struct RecoveryCode(Zeroizing<String>);

/// The SHA-256 of a code, which is what is kept. Fast on purpose: nobody
/// guesses 128 random bits.
pub type Digest = [u8; 32];

impl RecoveryCode {
    /// In Crockford's base 32, which has no I, L, O and U.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(Ulid::from(u128::from_be_bytes(bytes)).to_string()))
    }

    /// In groups that one can copy from paper.
    pub fn shown(&self) -> Zeroizing<String> {
        let mut shown = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / 5));
        for (place, character) in self.0.chars().enumerate() {
            if place > 0 && place % 5 == 0 {
                shown.push('-');
            }
            shown.push(character);
        }
        shown
    }

    pub fn digest(&self) -> Digest {
        of(&self.0)
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// The digest of a code as somebody typed it: in small letters, with or without
/// hyphens, O for 0, I or L for 1. `None` when it cannot be a code.
pub fn presented(text: &str) -> Option<Digest> {
    let mut code = Zeroizing::new(String::with_capacity(LENGTH));
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        if code.len() == LENGTH {
            return None;
        }
        code.push(match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other if other.is_ascii_alphanumeric() => other,
            _ => return None,
        });
    }
    (code.len() == LENGTH).then(|| of(&code))
}

fn of(code: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, code.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_was_copied() {
        let code = RecoveryCode::new([0x5a; 16]);
        let shown = code.shown();
        assert_eq!(shown.len(), 31);
        for typed in [
            shown.to_string(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            format!("  {}\n", shown.replace('-', " ")),
        ] {
            assert_eq!(presented(&typed), Some(code.digest()), "{typed}");
        }
        let zeros = RecoveryCode::new([0; 16]);
        assert_eq!(presented(&zeros.shown().replace('0', "o")), Some(zeros.digest()));
        let one = RecoveryCode::new(1_u128.to_be_bytes());
        assert_eq!(presented(&one.shown().replace('1', "l")), Some(one.digest()));
    }

    #[test]
    fn what_is_not_a_code_is_not_looked_for() {
        let code = RecoveryCode::new([0x5a; 16]).shown();
        let long = "0".repeat(1_000_000);
        let texts =
            ["", "123456", &code[1..], &format!("{}0", *code), &code.replace('-', "_"), &long];
        for text in texts {
            assert_eq!(presented(text), None);
        }
    }

    #[test]
    fn every_bit_counts() {
        let first = RecoveryCode::new([0; 16]).digest();
        for bit in 0..128 {
            let other = RecoveryCode::new((1_u128 << bit).to_be_bytes());
            assert_ne!(other.digest(), first, "bit {bit}");
        }
    }

    #[test]
    fn a_code_is_not_printed() {
        assert_eq!(format!("{:?}", RecoveryCode::new([7; 16])), "RecoveryCode");
    }
}
