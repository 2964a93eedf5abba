//! Client authentication, RFC 6749 §2.3.
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::client::{Client, Secret};
use super::client_secret::{self, Digest};
use super::error::{Code, Error};
use super::form::{self, Form};
use super::reason::Reason;
use super::time::UnixTime;

/// How a client presented its secret, by its name in RFC 7591 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    ClientSecretBasic,
    ClientSecretPost,
}

impl Method {
    pub const ALL: [Self; 2] = [Self::ClientSecretBasic, Self::ClientSecretPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

/// The one credential a request presents.
pub struct Presented {
    pub client_id: String,
    pub method: Method,
    secret: Zeroizing<String>,
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("client_id", &self.client_id)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The client id a request names, right or wrong: for the audit log only.
pub fn claimed_client_id(authorization: Option<&[u8]>, form: &Form<'_>) -> Option<String> {
    let basic = authorization.and_then(basic).and_then(Result::ok).map(|(id, _)| id);
    basic.or_else(|| form.get("client_id").map(str::to_owned))
}

/// Finds the credential in the `Authorization` header or the body.
///
/// # Errors
/// * `invalid_request`: more than one way of authenticating, RFC 6749 §2.3.
/// * `invalid_client`: none, one we do not support, a `Basic` value that
///   cannot be decoded, or a `client_id` in the body that names another client.
pub fn presented(authorization: Option<&[u8]>, form: &Form<'_>) -> Result<Presented, Error> {
    let basic = authorization.and_then(basic).transpose()?;
    let (id, secret) = (form.get("client_id"), form.get("client_secret"));
    let ways = [basic.is_some(), secret.is_some(), form.get("client_assertion").is_some()];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(Error::new(
            Code::InvalidRequest,
            Reason::SeveralCredentials,
            "more than one way of client authentication",
        ));
    }
    match (basic, id, secret) {
        (Some((client_id, secret)), in_body, _) => {
            if in_body.is_some_and(|other| other != client_id) {
                return Err(Error::unauthenticated(Reason::ClientMismatch));
            }
            Ok(Presented { client_id, secret, method: Method::ClientSecretBasic })
        }
        (None, Some(id), Some(secret)) => Ok(Presented {
            client_id: id.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            method: Method::ClientSecretPost,
        }),
        _ => Err(Error::unauthenticated(Reason::NoCredential)),
    }
}

impl Presented {
    /// The digest of what was presented, when it is a secret of ours by its form.
    pub fn digest(&self) -> Option<Digest> {
        client_secret::is_well_formed(&self.secret).then(|| Digest::of(&self.secret))
    }
}

/// Checks `presented` against the client it names; `None` when no such client
/// exists. Costs and says the same to the caller whichever it was.
///
/// # Errors
/// `invalid_client`; its `reason` is the first check that failed.
pub fn verify<'c>(
    presented: &Presented,
    client: Option<&'c Client>,
    now: UnixTime,
) -> Result<&'c Secret, Error> {
    let digest = Digest::of(&presented.secret);
    let Some(client) = client else {
        let _ = digest.matches(&Digest([0; 32]));
        return Err(Error::unauthenticated(Reason::UnknownClient));
    };
    let secret = client.secrets.iter().fold(None, |found, secret| {
        if secret.digest.matches(&digest) { Some(secret) } else { found }
    });
    if !client.active {
        let refusal = Error::unauthenticated(Reason::ClientSuspended);
        return Err(match secret {
            Some(secret) => refusal.presenting(secret.id.clone()),
            None => refusal,
        });
    }
    match secret {
        None if !client_secret::is_well_formed(&presented.secret) => {
            let why = "what was sent is no secret of ours by its form: cut off or mistyped";
            Err(Error::unauthenticated(Reason::BadSecret).because(why))
        }
        None => Err(Error::unauthenticated(Reason::BadSecret)),
        Some(secret) if secret.revoked => {
            Err(Error::unauthenticated(Reason::SecretRevoked).presenting(secret.id.clone()))
        }
        Some(secret) if secret.expires_at.is_some_and(|end| end <= now) => {
            Err(Error::unauthenticated(Reason::SecretExpired).presenting(secret.id.clone()))
        }
        Some(secret) => Ok(secret),
    }
}

/// Reads `Basic` credentials: base64, split at the first colon, then each half
/// form-decoded, RFC 6749 §2.3.1. `None` for another scheme.
fn basic(header: &[u8]) -> Option<Result<(String, Zeroizing<String>), Error>> {
    let unreadable = || Error::unauthenticated(Reason::RequestMalformed);
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, value) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let value = value.trim_start_matches(' ').trim_end_matches('=');
    let decoded = STANDARD_NO_PAD.decode(value).or_else(|_| STANDARD.decode(value));
    let read = || {
        let decoded = Zeroizing::new(decoded.ok()?);
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let id = form::decode(id).ok().filter(|id| !id.is_empty())?;
        let secret = form::decode(secret).ok().filter(|secret| !secret.is_empty())?;
        Some((id.into_owned(), Zeroizing::new(secret.into_owned())))
    };
    Some(read().ok_or_else(unreadable))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn authorization(credentials: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(credentials)).into_bytes()
    }

    fn client(secret: &str) -> Client {
        let secret = Secret {
            id: "sec_1".into(),
            digest: Digest::of(secret),
            expires_at: None,
            revoked: false,
        };
        Client {
            client_id: "m2m_1".into(),
            active: true,
            token_lifetime: None,
            secrets: [secret].into(),
            grants: [].into(),
            introspects: crate::oauth::client::Introspects::For(vec![]),
        }
    }

    fn reason(presented: &Presented, client: Option<&Client>) -> Reason {
        verify(presented, client, NOW).unwrap_err().reason
    }

    /// RFC 6749 §2.3.1: both halves are form-encoded, split at the first colon.
    #[test]
    fn basic_halves_are_split_at_the_first_colon_and_form_decoded() {
        let header = authorization("m2m%5F1:a%3Ab:c+d");
        let presented = presented(Some(&header), &Form::default()).unwrap();
        assert_eq!(presented.client_id, "m2m_1");
        assert_eq!(*presented.secret, "a:b:c d");
    }

    #[test]
    fn a_basic_value_that_cannot_be_read_is_invalid_client() {
        for bad in ["Basic !", "Basic ", "Basic bm8tY29sb24", "basic /w=="] {
            let error = presented(Some(bad.as_bytes()), &Form::default()).unwrap_err();
            assert_eq!(error.code, Code::InvalidClient, "{bad}");
        }
        for bad in ["x:%zz", ":secret", "x:"] {
            let error = presented(Some(&authorization(bad)), &Form::default()).unwrap_err();
            assert_eq!(error.code, Code::InvalidClient, "{bad}");
        }
    }

    /// RFC 6749 §2.3: one method per request.
    #[test]
    fn two_ways_of_authenticating_are_refused() {
        let header = authorization("a:b");
        let body = Form::parse(b"client_id=a&client_secret=b").unwrap();
        let error = presented(Some(&header), &body).unwrap_err();
        assert_eq!((error.code, error.reason), (Code::InvalidRequest, Reason::SeveralCredentials));
    }

    /// RFC 7521 §4.2.
    #[test]
    fn a_client_id_in_the_body_must_name_the_same_client() {
        let header = authorization("a:b");
        assert!(presented(Some(&header), &Form::parse(b"client_id=a").unwrap()).is_ok());
        let error = presented(Some(&header), &Form::parse(b"client_id=z").unwrap()).unwrap_err();
        assert_eq!((error.code, error.reason), (Code::InvalidClient, Reason::ClientMismatch));
    }

    #[test]
    fn each_way_of_failing_is_told_apart_only_in_its_reason() {
        let header = authorization("m2m_1:right");
        let presented = presented(Some(&header), &Form::default()).unwrap();
        let right = client("right");
        assert_eq!(verify(&presented, Some(&right), NOW).unwrap().id, "sec_1");

        let mut suspended = right.clone();
        suspended.active = false;
        let mut expired = right.clone();
        expired.secrets[0].expires_at = Some(NOW);
        let mut revoked = right.clone();
        revoked.secrets[0].revoked = true;

        assert_eq!(reason(&presented, None), Reason::UnknownClient);
        assert_eq!(reason(&presented, Some(&client("other"))), Reason::BadSecret);
        assert_eq!(reason(&presented, Some(&suspended)), Reason::ClientSuspended);
        assert_eq!(reason(&presented, Some(&expired)), Reason::SecretExpired);
        assert_eq!(reason(&presented, Some(&revoked)), Reason::SecretRevoked);
    }

    #[test]
    fn a_presented_secret_is_not_printed() {
        let header = authorization("a:very-secret");
        let presented = presented(Some(&header), &Form::default()).unwrap();
        assert!(!format!("{presented:?}").contains("very-secret"));
    }
}
