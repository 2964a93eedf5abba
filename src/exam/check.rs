//! What is looked at, and what the answers mean.
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Good,
    NoToken,
    TamperedSignature,
    WrongType,
    UnknownKey,
    EmbeddedKey,
    AlgNone,
    HmacWithPem,
    HmacWithJwk,
    Expired,
    WrongAudience,
    WrongIssuer,
    MissingScope,
    Revoked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// Not as it should be, and no hole; or it cannot be told.
    Warned,
}

/// How the API did in one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: Check,
    /// The HTTP status; `None` when no answer came, or nothing was asked.
    pub status: Option<u16>,
    pub verdict: Verdict,
    /// For people; empty when there is nothing to say.
    pub remark: String,
}

impl Check {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NoToken => "no_token",
            Self::TamperedSignature => "tampered_signature",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::EmbeddedKey => "embedded_key",
            Self::AlgNone => "alg_none",
            Self::HmacWithPem => "hs256_with_pem",
            Self::HmacWithJwk => "hs256_with_jwk",
            Self::Expired => "expired",
            Self::WrongAudience => "wrong_audience",
            Self::WrongIssuer => "wrong_issuer",
            Self::MissingScope => "missing_scope",
            Self::Revoked => "revoked",
        }
    }

    /// What a correct API answers.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Good => "2xx",
            Self::MissingScope => "403",
            _ => "401",
        }
    }

    /// What is wrong with an API that lets it through.
    const fn hole(self) -> &'static str {
        match self {
            Self::Good => "It refuses a good token.",
            Self::NoToken => "It asks for no token.",
            Self::TamperedSignature => "It does not verify signatures.",
            Self::WrongType => "It does not look at typ, and takes any JWT of ours for a token.",
            Self::UnknownKey => "It accepts keys that are not the issuer's.",
            Self::EmbeddedKey => "It believes the key that a token brings along.",
            Self::AlgNone => "It accepts tokens without a signature.",
            Self::HmacWithPem | Self::HmacWithJwk => {
                "It takes the public key for a secret: allow only the algorithm you expect."
            }
            Self::Expired => "It does not look at exp.",
            Self::WrongAudience => "It accepts tokens for other APIs: it must look at aud.",
            Self::WrongIssuer => "It does not look at iss.",
            Self::MissingScope => "It asks for no scope here.",
            Self::Revoked => "It does not hear of revocations.",
        }
    }
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Warned => "warned",
        }
    }
}

impl Finding {
    /// Judges `answer`, a status or why there is none, beside the answer that
    /// the good token got.
    pub fn new(check: Check, answer: &Result<u16, String>, good: &Result<u16, String>) -> Self {
        let (verdict, remark) = match answer {
            Err(error) if check == Check::Good => (Verdict::Failed, error.clone()),
            Err(error) => (Verdict::Warned, error.clone()),
            Ok(status) if check == Check::Good => judge_good(*status),
            Ok(status) => judge_bad(check, *status, good.as_ref().ok().copied()),
        };
        Self { check, status: answer.as_ref().ok().copied(), verdict, remark }
    }

    pub fn not_held(check: Check, why: &str) -> Self {
        Self { check, status: None, verdict: Verdict::Warned, remark: why.to_owned() }
    }

    /// Who never said that they follow revocations is only warned.
    pub(super) fn of_revocation(mut self, follows: bool, waited: Duration) -> Self {
        if !follows {
            self.verdict = Verdict::Warned;
        }
        self.remark = format!("{} Waited {} s.", self.remark, waited.as_secs());
        self
    }
}

fn judge_good(status: u16) -> (Verdict, String) {
    match status {
        200..=399 => (Verdict::Passed, String::new()),
        401 | 403 => (Verdict::Failed, Check::Good.hole().to_owned()),
        _ => {
            let remark = "Let through, it seems; a URL that answers 200 tells more.";
            (Verdict::Warned, remark.to_owned())
        }
    }
}

fn judge_bad(check: Check, status: u16, good: Option<u16>) -> (Verdict, String) {
    let warned = |remark: &str| (Verdict::Warned, remark.to_owned());
    match status {
        401 | 403 if good == Some(status) => warned("Refused, as the good token was."),
        401 if check == Check::MissingScope => warned("Refused; 403 insufficient_scope is better."),
        401 | 403 => (Verdict::Passed, String::new()),
        // What happens to a good token too is no refusal.
        _ if good == Some(status) => (Verdict::Failed, check.hole().to_owned()),
        400 => (Verdict::Passed, String::new()),
        429 => warned("Too many requests: nothing can be told."),
        500..=599 => warned("It fails instead of refusing."),
        404 => warned("Not let through, it seems; 401 is better."),
        _ => (Verdict::Failed, check.hole().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(check: Check, status: u16, good: u16) -> Verdict {
        Finding::new(check, &Ok(status), &Ok(good)).verdict
    }

    #[test]
    fn a_bad_token_that_fares_as_the_good_one_was_accepted() {
        for status in [200, 204, 302, 404, 405, 500] {
            assert_eq!(verdict(Check::Expired, status, status), Verdict::Failed, "{status}");
        }
        for status in [200, 201, 302, 405] {
            assert_eq!(verdict(Check::Expired, status, 200), Verdict::Failed, "{status}");
        }
        for status in [400, 401, 403] {
            assert_eq!(verdict(Check::Expired, status, 200), Verdict::Passed, "{status}");
        }
        for status in [404, 429, 500, 503] {
            assert_eq!(verdict(Check::Expired, status, 200), Verdict::Warned, "{status}");
        }
    }

    #[test]
    fn an_api_that_refuses_everything_proves_nothing() {
        assert_eq!(verdict(Check::Good, 401, 401), Verdict::Failed);
        assert_eq!(verdict(Check::Expired, 401, 401), Verdict::Warned);
    }

    #[test]
    fn a_missing_scope_is_a_403() {
        assert_eq!(verdict(Check::MissingScope, 403, 200), Verdict::Passed);
        assert_eq!(verdict(Check::MissingScope, 401, 200), Verdict::Warned);
        assert_eq!(verdict(Check::MissingScope, 200, 200), Verdict::Failed);
    }

    #[test]
    fn only_who_said_so_must_hear_of_revocations() {
        let accepted = || Finding::new(Check::Revoked, &Ok(200), &Ok(200));
        let waited = Duration::from_secs(9);
        assert_eq!(accepted().of_revocation(true, waited).verdict, Verdict::Failed);
        assert_eq!(accepted().of_revocation(false, waited).verdict, Verdict::Warned);
    }
}
