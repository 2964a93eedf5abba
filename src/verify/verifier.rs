//! The decision on one token, RFC 9068 §4.
use std::sync::Arc;

use aws_lc_rs::digest;
use moka::sync::Cache;
use serde::Deserialize;

use super::configuration::{Configuration, Revocation, WhenStale};
use super::http::Http;
use super::introspection::Introspection;
use super::issuer::Issuer;
use super::jwks::{Jwks, Missing};
use super::jws::{Expected, Jws};
use super::revocations::Revocations;
use super::status_list::StatusLists;
use super::{Error, Refusal, What};
use crate::oauth::access_token::{Claims, TYPE, Verified};
use crate::oauth::revocation::{self, Kind, SubjectDigest};
use crate::oauth::scope::ScopeSet;
use crate::oauth::time::Seconds;

/// The longest token that is looked at.
const BYTES: usize = 8 * 1_024;

/// The most tokens whose signature is remembered.
const REMEMBERED: u64 = 10_000;

const MOST_LEEWAY: Seconds = Seconds(60);

/// Checks the tokens of one API. Two threads at most fetch in the background
/// until it is dropped.
pub struct Verifier {
    configuration: Configuration,
    issuer: Arc<Issuer>,
    jwks: Arc<Jwks>,
    check: Check,
    /// By the keys' generation and the token's SHA-256: what cannot change of a
    /// token is looked at once.
    remembered: Cache<(u64, [u8; 32]), Arc<Accepted>>,
}

enum Check {
    Nothing,
    Lists(StatusLists),
    Feed { feed: Revocations, max_stale: Seconds, introspection: Option<Introspection> },
}

/// A token that may be acted on.
#[derive(Debug)]
pub struct Accepted {
    pub claims: Claims,
    pub kid: String,
    pub scope: ScopeSet,
    not_before: Option<i64>,
    subjects: Vec<(Kind, SubjectDigest)>,
}

/// What a verifier holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub keys: usize,
    /// The age of the issuer's last word; `None` before the first, and without
    /// a feed.
    pub feed_age: Option<Seconds>,
}

/// Why there is no decision yet.
enum Halt {
    Refused(Refusal),
    /// The issuer must be asked, and the caller does not wait.
    MustAsk,
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Verifier {
    /// Begins to fetch, and returns before anything was fetched.
    ///
    /// # Errors
    /// The configuration cannot be right, or a thread does not start.
    pub fn start(configuration: Configuration) -> Result<Self, Error> {
        if !(Seconds(0)..=MOST_LEEWAY).contains(&configuration.leeway) {
            return Err(Error::Configuration("the leeway is 0 to 60 seconds".into()));
        }
        if configuration.resource.is_empty() || configuration.algorithms.is_empty() {
            return Err(Error::Configuration("name the API and an algorithm".into()));
        }
        let reached_at = configuration.reached_at.as_deref();
        let issuer =
            Issuer::new(&configuration.issuer, reached_at).map_err(Error::Configuration)?;
        let issuer = Arc::new(issuer);
        let jwks =
            Arc::new(Jwks::start(issuer.clone(), &configuration.timing, &configuration.machine)?);
        let check = match &configuration.revocation {
            Revocation::ExpiryOnly => Check::Nothing,
            Revocation::StatusList => {
                Check::Lists(StatusLists::new(issuer.clone(), jwks.clone(), &configuration))
            }
            Revocation::Feed { max_stale, when_stale } => Check::Feed {
                feed: Revocations::start(issuer.clone(), jwks.clone(), &configuration)?,
                max_stale: *max_stale,
                introspection: match when_stale {
                    WhenStale::Refuse => None,
                    WhenStale::Introspect { client_id, client_secret } => {
                        let http = Http::new(configuration.timing.patience);
                        Some(Introspection::new(client_id, client_secret, http))
                    }
                },
            },
        };
        let remembered = Cache::new(REMEMBERED);
        Ok(Self { configuration, issuer, jwks, check, remembered })
    }

    /// Decides on `token`: good, and with every scope of `required`. Waits for
    /// the issuer where that is needed, [`super::Timing::patience`] at most.
    pub fn verify(&self, token: &str, required: &ScopeSet) -> Result<Arc<Accepted>, Refusal> {
        match self.decide(token, required, true) {
            Ok(accepted) => Ok(accepted),
            Err(Halt::Refused(refusal)) => Err(refusal),
            Err(Halt::MustAsk) => Err(Refusal::Unavailable(What::Keys)),
        }
    }

    /// [`Verifier::verify`] when nobody needs to be asked; it never waits.
    pub fn verify_at_once(
        &self,
        token: &str,
        required: &ScopeSet,
    ) -> Option<Result<Arc<Accepted>, Refusal>> {
        match self.decide(token, required, false) {
            Ok(accepted) => Some(Ok(accepted)),
            Err(Halt::Refused(refusal)) => Some(Err(refusal)),
            Err(Halt::MustAsk) => None,
        }
    }

    pub fn state(&self) -> State {
        let feed_age = match &self.check {
            Check::Feed { feed, .. } => feed.age(),
            Check::Nothing | Check::Lists(_) => None,
        };
        State { keys: self.jwks.keys().by_kid.len(), feed_age }
    }

    fn decide(&self, token: &str, required: &ScopeSet, wait: bool) -> Result<Arc<Accepted>, Halt> {
        let accepted = self.opened(token, wait)?;
        self.in_time(&accepted)?;
        self.not_revoked(token, &accepted, wait)?;
        if required.beyond(&accepted.scope).is_empty() {
            return Ok(accepted);
        }
        Err(Refusal::InsufficientScope { required: required.clone() }.into())
    }

    /// What does not change: form, signature, issuer, audience.
    fn opened(&self, token: &str, wait: bool) -> Result<Arc<Accepted>, Halt> {
        if token.len() > BYTES {
            return Err(Refusal::TooLong.into());
        }
        let expected = Expected { typ: TYPE, algorithms: &self.configuration.algorithms };
        let jws = Jws::parse(token, &expected)?;
        let kid = jws.kid.clone();
        let keys = self.jwks.with(&kid, wait).map_err(|missing| match missing {
            Missing::Later if !wait => Halt::MustAsk,
            Missing::Unknown => Refusal::UnknownKey.into(),
            Missing::Later | Missing::Unavailable => Refusal::Unavailable(What::Keys).into(),
        })?;
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let name = (keys.generation, hash);
        if let Some(accepted) = self.remembered.get(&name) {
            return Ok(accepted);
        }
        let key = keys.by_kid.get(&kid).ok_or(Refusal::UnknownKey)?;
        let accepted = Arc::new(self.read(kid, &jws.open(key)?)?);
        self.remembered.insert(name, accepted.clone());
        Ok(accepted)
    }

    fn read(&self, kid: String, payload: &[u8]) -> Result<Accepted, Refusal> {
        /// Not among the claims that our server writes.
        #[derive(Deserialize)]
        struct Extra {
            nbf: Option<i64>,
        }
        let malformed = |_| Refusal::Malformed;
        let claims: Claims = serde_json::from_slice(payload).map_err(malformed)?;
        let extra: Extra = serde_json::from_slice(payload).map_err(malformed)?;
        if claims.iss != self.issuer.url {
            return Err(Refusal::WrongIssuer);
        }
        if !claims.aud.resources().contains(&self.configuration.resource) {
            return Err(Refusal::WrongAudience);
        }
        if claims.client_id.is_empty() || claims.jti.is_empty() {
            return Err(Refusal::Malformed);
        }
        let scope = match claims.scope.as_str() {
            "" => ScopeSet::default(),
            text => ScopeSet::parse(text).map_err(|_| Refusal::Malformed)?,
        };
        let verified = Verified { claims, kid };
        let subjects = revocation::subjects(&verified);
        let Verified { claims, kid } = verified;
        Ok(Accepted { claims, kid, scope, not_before: extra.nbf, subjects })
    }

    fn in_time(&self, accepted: &Accepted) -> Result<(), Refusal> {
        let now = self.configuration.machine.now().seconds();
        let Seconds(leeway) = self.configuration.leeway;
        if accepted.claims.exp.saturating_add(leeway) <= now {
            return Err(Refusal::Expired);
        }
        let soonest = accepted.not_before.unwrap_or(i64::MIN).max(accepted.claims.iat);
        if soonest > now.saturating_add(leeway) {
            return Err(Refusal::NotYetValid);
        }
        Ok(())
    }

    fn not_revoked(&self, token: &str, accepted: &Accepted, wait: bool) -> Result<(), Halt> {
        match &self.check {
            Check::Nothing => Ok(()),
            Check::Lists(lists) => {
                let checked = lists.check(accepted.claims.status.as_ref(), wait);
                Ok(checked.ok_or(Halt::MustAsk)??)
            }
            Check::Feed { feed, max_stale, introspection } => {
                // What is known to be revoked stays so, however old that is.
                if feed.cover(&accepted.subjects, accepted.claims.iat) {
                    return Err(Refusal::Revoked.into());
                }
                if feed.age().is_some_and(|age| age <= *max_stale) {
                    return Ok(());
                }
                let Some(introspection) = introspection else {
                    return Err(Refusal::Unavailable(What::Revocations).into());
                };
                if !wait {
                    return Err(Halt::MustAsk);
                }
                Ok(self.introspect(introspection, token)?)
            }
        }
    }

    fn introspect(&self, introspection: &Introspection, token: &str) -> Result<(), Refusal> {
        let unavailable = Refusal::Unavailable(What::Introspection);
        let endpoint = self.jwks.endpoints().and_then(|endpoints| endpoints.introspection.clone());
        let url = endpoint.unwrap_or_else(|| self.issuer.below("/oauth/introspect"));
        match introspection.is_active(&url, token) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Revoked),
            Err(error) => {
                tracing::warn!(error, "verify.introspection_failed");
                Err(unavailable)
            }
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("issuer", &self.issuer.url).finish_non_exhaustive()
    }
}
