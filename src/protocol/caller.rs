//! Who asks: what is known of a request, before and after its client has
//! proved who it is.
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{HttpRequest, web};

use super::body;
use super::failure::Failure;
use crate::model::audit_event::{Actor, Event, Mark, Outcome, Source, TokenFacts, printable};
use crate::oauth::client::Client;
use crate::oauth::client_auth::Presented;
use crate::oauth::error::Code;
use crate::oauth::form::Form;
use crate::oauth::reason::Reason;
use crate::oauth::{Error, UnixTime, client_auth};
use crate::store::secrets;
use crate::web::{App, actor, peer};

/// A request is recorded with this, refused or not, so the client named here
/// may be one that never proved itself.
pub struct Caller {
    pub mark: Mark,
    pub now: UnixTime,
    pub client_id: Option<String>,
    pub credential_id: Option<String>,
    pub started: Instant,
    source: Source,
    method: Option<&'static str>,
}

impl Caller {
    pub fn new(app: &App, request: &HttpRequest) -> Self {
        let now = app.clock.now();
        Self {
            mark: app.entropy.mark(now),
            now,
            client_id: None,
            credential_id: None,
            started: Instant::now(),
            source: actor::source(request, app),
            method: None,
        }
    }

    pub fn request_id(&self) -> String {
        format!("req_{}", self.mark.id)
    }

    /// Microseconds since the request came.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Reads the body, and refuses what came in the URL instead.
    ///
    /// # Errors
    /// As [`body::read`], and `invalid_request`.
    pub async fn read_body(
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<web::BytesMut, Failure> {
        let bytes = body::read(request, payload).await?;
        must_not_use_query(request)?;
        Ok(bytes)
    }

    /// Notes whom the request names, right or wrong.
    pub fn note_claim(&mut self, request: &HttpRequest, form: &Form<'_>) {
        self.client_id = client_auth::claimed_client_id(authorization(request), form)
            .map(|client_id| recordable(&client_id));
    }

    /// The client, once it has proved that it is: RFC 6749 §2.3.
    ///
    /// # Errors
    /// * `invalid_client`, `invalid_request`.
    /// * `TooMany`: this address failed as this client too often.
    /// * `Store`: the client cannot be read.
    pub async fn authenticate(
        &mut self,
        app: &App,
        request: &HttpRequest,
        form: &Form<'_>,
    ) -> Result<Arc<Client>, Failure> {
        let presented = client_auth::presented(authorization(request), form)?;
        let pair = guesser(app, request, &presented.client_id);
        if let Some(wait) = app.secret_guesses.wait(&pair) {
            return Err(Failure::TooMany { wait });
        }
        self.method = Some(presented.method.as_str());
        let client = app.directory.find(&presented.client_id).await?;
        if client.is_none() {
            refuse_deleted(app, &presented)
                .await
                .inspect_err(|_| app.secret_guesses.failed(&pair))?;
        }
        let secret = client_auth::verify(&presented, client.as_deref(), self.now)
            .inspect_err(|_| app.secret_guesses.failed(&pair))?;
        self.credential_id = Some(secret.id.clone());
        client.ok_or_else(|| Error::unauthenticated(Reason::UnknownClient).into())
    }

    /// The record of the request: who, from where, when.
    pub fn event(self, code: &'static str, outcome: Outcome) -> Event {
        let request_id = self.request_id();
        let mut event = Event::new(self.mark, self.now, code, outcome);
        event.actor = Actor {
            kind: if self.credential_id.is_some() { "client" } else { "anonymous" }.into(),
            method: self.method.map(Into::into),
            credential_id: self.credential_id,
            ..Actor::default()
        };
        event.request_id = Some(request_id);
        event.source = self.source;
        event.client_id = self.client_id;
        event
    }

    /// The record of a request that was refused, or that we failed.
    pub fn failed_event(self, codes: Codes, facts: TokenFacts, failure: &Failure) -> Event {
        let (code, outcome) = if failure.is_refusal() {
            (codes.denied, Outcome::Denied)
        } else {
            (codes.failed, Outcome::Error)
        };
        let mut event = self.event(code, outcome);
        event.reason = Some(failure.reason().as_str().into());
        if event.actor.credential_id.is_none() {
            event.actor.credential_id = failure.secret_id();
        }
        event.detail = failure.detail().map(|detail| printable(&detail, 1_024));
        event.token = Some(TokenFacts {
            http_status: failure.status().as_u16(),
            oauth_error: Some(failure.code().as_str().into()),
            failed_check: Some(failure.reason().check().index()),
            scope_refused: failure.scope_refused(),
            ..facts
        });
        event
    }
}

/// What a request that did not succeed is called in the log.
#[derive(Clone, Copy)]
pub struct Codes {
    /// The caller's fault.
    pub denied: &'static str,
    /// Ours.
    pub failed: &'static str,
}

/// A secret that was right until its application was deleted: somebody still
/// uses it.
async fn refuse_deleted(app: &App, presented: &Presented) -> Result<(), Failure> {
    let Some(digest) = presented.digest() else { return Ok(()) };
    let client_id = presented.client_id.clone();
    let deleted = app.store.read(move |conn| secrets::find_deleted(conn, &client_id, &digest));
    match deleted.await? {
        Some(id) => Err(Error::unauthenticated(Reason::ClientDeleted).presenting(id).into()),
        None => Ok(()),
    }
}

fn authorization(request: &HttpRequest) -> Option<&[u8]> {
    request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes)
}

/// Credentials in a URI end up in logs and histories, RFC 6749 §2.3.1.
fn must_not_use_query(request: &HttpRequest) -> Result<(), Error> {
    const OURS: [&str; 10] = [
        "access_token",
        "audience",
        "client_assertion",
        "client_id",
        "client_secret",
        "grant_type",
        "resource",
        "scope",
        "token",
        "token_type_hint",
    ];
    let mut names = request
        .query_string()
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy());
    if names.any(|name| OURS.contains(&name.as_ref())) {
        return Err(Error::new(
            Code::InvalidRequest,
            Reason::ParametersInQuery,
            "parameters belong into the body, never into the URL",
        ));
    }
    Ok(())
}

/// The pair that a wrong secret is charged to.
fn guesser(app: &App, request: &HttpRequest, client_id: &str) -> (Option<IpAddr>, String) {
    let address = peer::address(request, &app.config.trusted_proxies);
    (address, client_id.chars().take(64).collect())
}

/// A client id as it may be stored. People type secrets into the wrong field:
/// of what cannot be an id of ours only the start is kept.
fn recordable(client_id: &str) -> String {
    if client_id.starts_with("m2m_") && client_id.len() <= 64 {
        printable(client_id, 64)
    } else {
        format!("{}…", printable(client_id, 6))
    }
}
