//! `POST /oauth/token`, RFC 6749 §3.2.
use std::net::IpAddr;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::body;
use super::failure::{Failure, uncached};
use crate::keys::ring::Signed;
use crate::model::audit_event::{Actor, Event, Mark, Outcome, Source, TokenFacts, printable};
use crate::oauth::access_token::{Claims, Status, StatusReference};
use crate::oauth::client::Client;
use crate::oauth::client_credentials::{Issuance, MAX_RESOURCES, Request, decide};
use crate::oauth::error::Code;
use crate::oauth::form::Form;
use crate::oauth::reason::Reason;
use crate::oauth::resource::ResourceUri;
use crate::oauth::token_response::TokenResponse;
use crate::oauth::{Error, UnixTime, client_auth};
use crate::web::{App, actor, peer};

/// A form, to a token or a refusal. Both are on disk before they are sent.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> HttpResponse {
    let started = Instant::now();
    // First: a body may take its time, and what is revoked meanwhile must be
    // found by when the token was issued.
    let body = body::read(&request, payload).await;
    let mut attempt = Attempt::new(&app, &request);
    let request_id = format!("req_{}", attempt.mark.id);
    let decided = token(&app, &request, body, &mut attempt).await;
    let recorded = app.recorder.record(attempt.event(&decided, started)).await;
    let answer = match recorded {
        Ok(()) => decided,
        Err(error) => Err(error.into()),
    };
    let result = answer.as_ref().map_or_else(|failure| failure.reason().as_str(), |_| "issued");
    app.metrics.token_answered(result, started.elapsed());
    let mut response = match answer {
        Ok((issuance, signed)) => {
            uncached(StatusCode::OK).json(TokenResponse::new(&issuance, &signed.token))
        }
        Err(failure) => failed(&failure, &request_id),
    };
    if let Ok(id) = request_id.parse() {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Read it aloud: it is the specification's order.
async fn token(
    app: &App,
    request: &HttpRequest,
    body: Result<web::BytesMut, Failure>,
    attempt: &mut Attempt,
) -> Result<(Issuance, Signed), Failure> {
    let bytes = body?;
    must_not_use_query(request)?;
    let form = Form::parse(&bytes)?;
    let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    attempt.note_form(&form, authorization);
    let presented = client_auth::presented(authorization, &form)?;
    let pair = guesser(app, request, &presented.client_id);
    if let Some(wait) = app.secret_guesses.wait(&pair) {
        return Err(Failure::TooMany { wait });
    }
    attempt.method = Some(presented.method.as_str());
    let client = app.directory.find(&presented.client_id).await?;
    let secret = client_auth::verify(&presented, client.as_deref(), attempt.now)
        .inspect_err(|_| app.secret_guesses.failed(&pair))?;
    attempt.credential_id = Some(secret.id.clone());
    let Some(client) = &client else {
        return Err(Error::unauthenticated(Reason::UnknownClient).into());
    };
    attempt.note_default(client);
    let issuance = decide(client, &Request::parse(&form)?, attempt.now)?;
    let mut claims = Claims::new(&app.config.issuer.url, &attempt.mark.id, &issuance);
    let signed = sign(app, &issuance, &mut claims).await?;
    attempt.status_list = claims.status.map(|status| status.status_list);
    Ok((issuance, signed))
}

/// Signs, with an index of a status list where the resource wants one. A list
/// is for one key: when that changes in between, the token names another.
async fn sign(app: &App, issuance: &Issuance, claims: &mut Claims) -> Result<Signed, Failure> {
    if !issuance.status_list {
        return Ok(app.keys.sign(issuance.algorithm, claims)?);
    }
    loop {
        let kid = app.keys.current_kid(issuance.algorithm)?;
        let status_list = app.status_lists.refer(issuance, &kid).await?;
        claims.status = Some(Status { status_list });
        let signed = app.keys.sign(issuance.algorithm, claims)?;
        if signed.kid == kid {
            return Ok(signed);
        }
    }
}

/// Credentials in a URI end up in logs and histories, RFC 6749 §2.3.1.
fn must_not_use_query(request: &HttpRequest) -> Result<(), Error> {
    const OURS: [&str; 8] = [
        "access_token",
        "audience",
        "client_assertion",
        "client_id",
        "client_secret",
        "grant_type",
        "resource",
        "scope",
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

fn failed(failure: &Failure, request_id: &str) -> HttpResponse {
    if failure.is_refusal() {
        tracing::debug!(request_id, reason = %failure.reason(), "token.refused");
    } else {
        tracing::error!(request_id, error = %failure, "token.failed");
    }
    failure.response()
}

/// What is known of a request so far. A refusal is recorded with it, so the
/// client named here may be one that never proved itself.
struct Attempt {
    mark: Mark,
    now: UnixTime,
    source: Source,
    client_id: Option<String>,
    method: Option<&'static str>,
    credential_id: Option<String>,
    scope: Option<String>,
    resources: Vec<String>,
    status_list: Option<StatusReference>,
}

impl Attempt {
    fn new(app: &App, request: &HttpRequest) -> Self {
        let now = app.clock.now();
        Self {
            mark: app.entropy.mark(now),
            now,
            source: actor::source(request, app),
            client_id: None,
            method: None,
            credential_id: None,
            scope: None,
            resources: Vec::new(),
            status_list: None,
        }
    }

    fn note_form(&mut self, form: &Form<'_>, authorization: Option<&[u8]>) {
        self.client_id = client_auth::claimed_client_id(authorization, form)
            .map(|client_id| recordable(&client_id));
        self.scope = form.get("scope").map(|scope| printable(scope, 1_024));
        self.resources = form
            .all("resource")
            .chain(form.all("audience"))
            .take(MAX_RESOURCES)
            .map(|resource| printable(resource, ResourceUri::MAX_BYTES))
            .collect();
    }

    /// A client that names no resource means its only one, in a refusal too.
    fn note_default(&mut self, client: &Client) {
        if let ([], [only]) = (self.resources.as_slice(), client.grants.as_slice()) {
            self.resources.push(only.resource.clone());
        }
    }

    fn event(self, decided: &Result<(Issuance, Signed), Failure>, started: Instant) -> Event {
        let (code, outcome) = match decided {
            Ok(_) => ("token.issued", Outcome::Success),
            Err(failure) if failure.is_refusal() => ("token.denied", Outcome::Denied),
            Err(_) => ("token.failed", Outcome::Error),
        };
        let id = self.mark.id.clone();
        let mut event = Event::new(self.mark, self.now, code, outcome);
        let mut facts = TokenFacts {
            resource: self.resources,
            scope_requested: self.scope,
            http_status: 200,
            duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            ..TokenFacts::default()
        };
        match decided {
            Ok((issuance, signed)) => {
                note_issuance(&mut facts, &id, issuance, signed);
                facts.status_list = self.status_list;
            }
            Err(failure) => {
                facts.http_status = failure.status().as_u16();
                facts.oauth_error = Some(failure.code().as_str().into());
                facts.failed_check = Some(failure.reason().check().index());
                event.reason = Some(failure.reason().as_str().into());
                facts.scope_refused = failure.scope_refused();
                event.detail = failure.detail().map(|detail| printable(&detail, 1_024));
            }
        }
        event.actor = Actor {
            kind: if self.credential_id.is_some() { "client" } else { "anonymous" }.into(),
            method: self.method.map(Into::into),
            credential_id: self.credential_id,
            ..Actor::default()
        };
        event.request_id = Some(format!("req_{id}"));
        event.source = self.source;
        event.client_id = self.client_id;
        event.token = Some(facts);
        event
    }
}

fn note_issuance(facts: &mut TokenFacts, jti: &str, issuance: &Issuance, signed: &Signed) {
    facts.resource.clone_from(&issuance.resources);
    facts.scope_granted = Some(issuance.scope.to_string());
    facts.jti = Some(jti.to_owned());
    facts.kid = Some(signed.kid.clone());
    facts.alg = Some(issuance.algorithm.as_str().into());
    facts.exp = Some(issuance.expires_at.seconds());
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
