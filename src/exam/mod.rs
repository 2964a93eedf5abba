//! Finds out what an API lets through: one good token, and bad ones of every
//! kind that an API must refuse.
mod candidate;
mod check;
mod courier;

pub use check::{Check, Finding, Verdict};

use std::time::Duration;

use url::Url;

use crate::admin::{self, Actor, revocations};
use crate::host::Clock;
use crate::keys::{self, KeyRing};
use crate::model::audit_event::{Event, Outcome, Target, TokenFacts};
use crate::model::role::Right;
use crate::oauth::client_credentials::{Issuance, Request, decide};
use crate::oauth::revocation::Kind;
use crate::oauth::scope::ScopeSet;
use crate::oauth::time::Seconds;
use crate::store::{self, Conn, Store, audit_chains, clients, resources};
use candidate::{Candidates, Issued};
use courier::Courier;

/// What is examined.
#[derive(Clone, Debug)]
pub struct Exam {
    pub url: Url,
    pub method: String,
    /// The API that stands behind the URL, by its identifier.
    pub resource: String,
    /// The application that the good token is issued for.
    pub client_id: String,
    /// `None`: all that the application holds there.
    pub scope: Option<ScopeSet>,
    /// Whether the API is said to follow revocations: one that accepts a
    /// revoked token fails then.
    pub follows_revocations: bool,
    /// Whether this machine itself may be called: only where whoever asks for
    /// the exam sits at it.
    pub loopback: bool,
    /// How long a revocation may take to arrive.
    pub patience: Duration,
}

/// What is needed to issue, record and revoke.
pub struct Examiner<'a> {
    pub store: &'a Store,
    pub keys: &'a KeyRing,
    pub issuer: &'a str,
    pub clock: &'a Clock,
    pub actor: &'a Actor,
}

/// Why no exam was held.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Act(#[from] admin::Error),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The application may not call the API so.
    #[error("no token for this application: {0}")]
    NoToken(String),
    #[error("{0}")]
    Url(&'static str),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Act(error.into())
    }
}

/// The life of every token of an exam.
const LIFETIME: Seconds = Seconds(60);

/// The longest wait for a revocation: the token must not have expired by then.
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_TRIES: Duration = Duration::from_millis(500);

impl Exam {
    /// # Errors
    /// `Url`: it is not one that is called.
    pub fn read_url(text: &str) -> Result<Url, Error> {
        let url = Url::parse(text).map_err(|_| Error::Url("That is no URL."))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(Error::Url("Only http and https are called."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Url("Leave user name and password out of the URL."));
        }
        Ok(url)
    }
}

impl Examiner<'_> {
    /// Issues the tokens, calls the API with each, and judges its answers.
    /// Blocks, for up to a minute and a half when the API is slow.
    ///
    /// # Errors
    /// Nothing was sent then.
    pub fn hold(&self, exam: &Exam) -> Result<Vec<Finding>, Error> {
        let courier = Courier::new(exam)?;
        let candidates = self.prepare(exam)?;
        let good = courier.call(Some(&candidates.good.token));
        let mut findings = vec![Finding::new(Check::Good, &good, &good)];
        findings.push(Finding::new(Check::NoToken, &courier.call(None), &good));
        for (check, token) in &candidates.bad {
            let answer = courier.call(Some(token));
            findings.push(self.judge(*check, &answer, &good, &candidates));
        }
        if candidates.issuance.scope.is_empty() {
            findings.push(Finding::not_held(Check::MissingScope, "The application has no scope."));
        }
        findings.push(self.revoke(exam, &courier, &candidates, &good));
        Ok(findings)
    }

    /// Makes the tokens, and records those that could be accepted.
    fn prepare(&self, exam: &Exam) -> Result<Candidates, Error> {
        self.actor.must(Right::ManageRegistry)?;
        let find = |conn: &mut Conn| -> Result<_, Error> {
            let client = clients::find(conn, &exam.client_id)?.client;
            Ok((client, resources::find_by_identifier(conn, &exam.resource)?))
        };
        let (client, resource) = self.store.read_blocking(find)?;
        let client = client.ok_or(admin::Error::NotFound)?;
        if !client.active {
            return Err(Error::NoToken("it is suspended".to_owned()));
        }
        let request = Request { scope: exam.scope.clone(), resources: vec![exam.resource.clone()] };
        let now = self.actor.now;
        let mut issuance = decide(&client, &request, now)
            .map_err(|error| Error::NoToken(error.description.into()))?;
        issuance.expires_at = issuance.expires_at.min(now + LIFETIME);

        let mut held = self.actor.event("exam.held", Outcome::Success);
        held.target = resource.map(|found| Target {
            kind: "resource".into(),
            id: found.id,
            name: found.name,
        });
        held.client_id = Some(exam.client_id.clone());
        held.detail = Some(format!("{} {}", exam.method, courier::without_query(&exam.url)));
        let good = self.actor.event("token.issued", Outcome::Success);
        let revoked = self.actor.event("token.issued", Outcome::Success);
        let ids = [held.id.as_str(), good.id.as_str(), revoked.id.as_str()];
        // Outside the transaction: an RSA key of nobody's takes up to seconds.
        let made = candidate::make(self.keys, self.issuer, issuance, ids)?;
        let good = issued(good, &made.issuance, &made.good);
        let revoked = issued(revoked, &made.issuance, &made.revoked);
        self.store.write_blocking(|conn| {
            audit_chains::append(conn, &self.actor.chain, &[held, good, revoked])
        })?;
        Ok(made)
    }

    /// A refusal proves nothing once the token has expired, for that is reason
    /// enough.
    fn judge(
        &self,
        check: Check,
        answer: &Result<u16, String>,
        good: &Result<u16, String>,
        candidates: &Candidates,
    ) -> Finding {
        let finding = Finding::new(check, answer, good);
        let late = self.clock.now() >= candidates.issuance.expires_at;
        if late && check != Check::Expired && finding.verdict == Verdict::Passed {
            return Finding::not_held(check, "The API was so slow that the token expired.");
        }
        finding
    }

    /// Revokes a token that the API has seen, and waits for what it says.
    fn revoke(
        &self,
        exam: &Exam,
        courier: &Courier,
        candidates: &Candidates,
        good: &Result<u16, String>,
    ) -> Finding {
        let token = &candidates.revoked;
        // One that the API remembers is harder to take back.
        let _ = courier.call(Some(&token.token));
        let actor = Actor { now: self.clock.now(), ..self.actor.clone() };
        let revoked = self.store.write_blocking(|conn| {
            revocations::revoke(conn, &actor, Kind::Token, &token.jti, "An exam of an API")
        });
        if let Err(error) = revoked {
            return Finding::not_held(Check::Revoked, &error.to_string());
        }
        let patience = exam.patience.min(LONGEST_PATIENCE);
        let mut waited = Duration::ZERO;
        loop {
            let answer = courier.call(Some(&token.token));
            let finding = self.judge(Check::Revoked, &answer, good, candidates);
            if finding.verdict != Verdict::Failed {
                return finding;
            }
            if waited >= patience {
                return finding.of_revocation(exam.follows_revocations, waited);
            }
            let pause = BETWEEN_TRIES.min(patience.saturating_sub(waited));
            std::thread::sleep(pause);
            waited += pause;
        }
    }
}

fn issued(mut event: Event, issuance: &Issuance, token: &Issued) -> Event {
    event.client_id = Some(issuance.client_id.clone());
    event.token = Some(TokenFacts {
        resource: issuance.resources.clone(),
        scope_granted: Some(issuance.scope.to_string()),
        jti: Some(token.jti.clone()),
        kid: Some(token.kid.clone()),
        alg: Some(issuance.algorithm.as_str().into()),
        exp: Some(issuance.expires_at.seconds()),
        http_status: 200,
        ..TokenFacts::default()
    });
    event.detail = Some("for an exam of the API".to_owned());
    event
}
