//! Codes that an authenticator app shows: RFC 6238 with what every app knows,
//! HMAC-SHA-1, six digits, steps of 30 seconds.
use totp_rs::{Builder, Totp, TotpError};
use zeroize::Zeroizing;

use crate::oauth::UnixTime;

/// Bytes of a secret: as long as the output of the hash, RFC 4226 §4.
pub const SECRET_BYTES: usize = 20;

/// Which 30 seconds since 1970 a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub i64);

/// What an authenticator app and we both know. Not printed, wiped when
/// dropped.
pub struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// `None`: not as long as a secret is.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// Base 32 in groups of four, for who cannot scan.
    ///
    /// # Errors
    /// None that a caller could cause; the library's own.
    pub fn typed(&self) -> Result<Zeroizing<String>, TotpError> {
        let text = Zeroizing::new(self.codes("", "")?.secret().to_base32());
        let mut grouped = Zeroizing::new(String::with_capacity(text.len() + text.len() / 4));
        for (place, character) in text.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(character);
        }
        Ok(grouped)
    }

    /// The `otpauth:` URL that goes into the picture an app scans. A colon
    /// would end the issuer or the account there, and becomes a space.
    ///
    /// # Errors
    /// None that a caller could cause; the library's own.
    pub fn url(&self, issuer: &str, account: &str) -> Result<Zeroizing<String>, TotpError> {
        self.codes(issuer, account)?.to_url().map(Zeroizing::new)
    }

    /// The step that `code` is right for at `now`: this one, the one before or
    /// the one after, for clocks that differ (RFC 6238 §5.2), and only when it
    /// comes after `last`, the last that was accepted. Spaces in the code are
    /// left out: apps show them.
    ///
    /// Whoever accepts it writes the step down before anything else may see the
    /// code, on condition that nobody else has.
    pub fn accepts(&self, code: &str, now: UnixTime, last: Option<Step>) -> Option<Step> {
        let code: Zeroizing<String> =
            Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).collect());
        let seconds = u64::try_from(now.seconds()).ok()?;
        let step = self.codes("", "").ok()?.check(&code, seconds)?;
        let step = i64::try_from(step).ok().map(Step)?;
        last.is_none_or(|last| last < step).then_some(step)
    }

    fn codes(&self, issuer: &str, account: &str) -> Result<Totp, TotpError> {
        let issuer = issuer.replace(':', " ");
        Builder::new()
            .with_secret(*self.0)
            .with_issuer((!issuer.is_empty()).then_some(issuer))
            .with_account_name(account.replace(':', " "))
            .build()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B.
    fn secret() -> Secret {
        Secret::new(*b"12345678901234567890")
    }

    const fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // The last six of the RFC's eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().accepts(code, at(seconds), None), Some(Step(seconds / 30)));
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_one_late_and_no_more() {
        let step = Step(1_234_567_890 / 30);
        let accepts = |steps: i64| secret().accepts("005924", at((step.0 + steps) * 30), None);
        assert_eq!([-1, 0, 1].map(accepts), [Some(step); 3]);
        assert_eq!([-2, 2].map(accepts), [None; 2]);
    }

    #[test]
    fn no_step_is_accepted_twice_nor_one_before_the_last() {
        let (now, step) = (at(1_234_567_890), Step(1_234_567_890 / 30));
        let after = |last| secret().accepts("005924", now, Some(last));
        assert_eq!(after(Step(step.0 - 1)), Some(step));
        assert_eq!(after(step), None);
        assert_eq!(after(Step(step.0 + 1)), None);
    }

    #[test]
    fn a_code_is_six_digits_with_spaces_where_one_likes() {
        let accepts = |code: &str| secret().accepts(code, at(1_234_567_890), None).is_some();
        assert!(accepts(" 005 924 "));
        for code in ["", "5924", "0005924", "+05924", "00592४", "005925", "00592\u{0}"] {
            assert!(!accepts(code), "{code:?}");
        }
        assert!(secret().accepts("005924", at(-30), None).is_none());
    }

    #[test]
    fn an_app_can_read_the_url() {
        let url = secret().url("Acme: Countersign", "ann@example.com").unwrap();
        let parsed = Totp::from_url(url.as_str()).unwrap();
        assert_eq!(parsed.secret().as_bytes(), secret().bytes());
        assert_eq!(parsed.issuer(), Some("Acme  Countersign"));
        assert_eq!(parsed.account_name(), "ann@example.com");
        assert_eq!((parsed.digits(), parsed.step()), (6, 30));
        assert!(secret().url("Acme", "").is_err());
    }

    #[test]
    fn who_cannot_scan_types_groups_of_four() {
        assert_eq!(secret().typed().unwrap().as_str(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn a_secret_is_as_long_as_it_is_and_is_not_printed() {
        assert!(Secret::read(&[1; 19]).is_none());
        assert!(Secret::read(&[1; 20]).is_some());
        assert_eq!(format!("{:?}", secret()), "Secret");
    }
}
