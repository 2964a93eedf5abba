//! Client secrets: made by us, recognisable, stored as a digest.
//!
//! A secret is `csk_`, 256 random bits in base64url (43 characters) and six
//! hexadecimal digits of their CRC-32, so that scanners find leaked ones and
//! tell them from look-alikes. 256 random bits cannot be guessed, so a fast
//! hash is enough; Argon2 is for what people choose.
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub const PREFIX: &str = "csk_";

/// The SHA-256 of a secret's whole text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest")
    }
}

/// Writes the secret that `random` makes.
pub fn compose(random: &[u8; 32]) -> Zeroizing<String> {
    let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
    Zeroizing::new(format!("{PREFIX}{}{}", *body, checksum(&body)))
}

/// Whether `text` is a secret of ours by its form: prefix, length, checksum.
pub fn is_well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    rest.len() == 49
        && rest.split_at_checked(43).is_some_and(|(body, sum)| {
            URL_SAFE_NO_PAD.decode(body).is_ok_and(|bytes| bytes.len() == 32)
                && sum == checksum(body)
        })
}

/// The last four characters before the checksum: enough to tell two secrets
/// apart on a page, and useless for a guess.
pub fn hint(secret: &str) -> String {
    let body = secret.strip_prefix(PREFIX).unwrap_or(secret);
    body.get(39..43).unwrap_or_default().to_owned()
}

fn checksum(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes())).chars().skip(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_by_its_prefix_length_and_checksum() {
        let secret = compose(&[7; 32]);
        assert!(is_well_formed(&secret), "{}", *secret);
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));

        let mut changed = secret.to_string();
        changed.replace_range(10..11, if &secret[10..11] == "A" { "B" } else { "A" });
        assert!(!is_well_formed(&changed));
        assert!(!is_well_formed(&secret[1..]));
        assert!(!is_well_formed("csk_"));
        assert!(!is_well_formed(&format!("csk_{}", "é".repeat(25))));
    }

    #[test]
    fn a_digest_says_nothing_when_printed() {
        assert_eq!(format!("{:?}", Digest::of("x")), "Digest");
    }
}
