//! `POST /oauth/token`, RFC 6749 §3.2.
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::OwnedSemaphorePermit;

use super::caller::{Caller, Codes};
use super::failure::{Failure, REQUEST_ID, uncached};
use super::{limit, ratelimit};
use crate::keys::ring::Signed;
use crate::limits::Taken;
use crate::model::audit_event::{Event, Outcome, TokenFacts, printable};
use crate::model::signing_key::Purpose;
use crate::oauth::access_token::{Claims, Status, StatusReference};
use crate::oauth::client::Client;
use crate::oauth::client_credentials::{Issuance, MAX_RESOURCES, Request, decide};
use crate::oauth::form::Form;
use crate::oauth::resource::ResourceUri;
use crate::oauth::revocation::Kind;
use crate::oauth::token_response::TokenResponse;
use crate::web::App;

/// A form, to a token or a refusal. Both are on disk before they are sent.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> HttpResponse {
    let mut attempt = Attempt::new(Caller::new(&app, &request));
    let (id, started) = (attempt.caller.request_id(), attempt.caller.started);
    let decided = token(&app, &request, payload, &mut attempt).await;
    if let Err(Failure::Busy) = decided {
        app.metrics.token_answered("turned_away", started.elapsed());
        let chance = u16::from_le_bytes(app.entropy.bytes());
        return Failure::turn_away(app.herd.turn_away(app.clock.now(), chance));
    }
    // Given back once the answer is made.
    let _turn = attempt.turn.take();
    let allowance = attempt.taken.allowance;
    let recorded = app.recorder.record(attempt.event(&decided)).await;
    let answer = match recorded {
        Ok(()) => decided,
        Err(error) => Err(error.into()),
    };
    let result = answer.as_ref().map_or_else(|failure| failure.reason().as_str(), |_| "issued");
    app.metrics.token_answered(result, started.elapsed());
    match answer {
        Ok((issuance, signed)) => {
            let mut response = uncached(StatusCode::OK);
            response.insert_header((REQUEST_ID, id));
            if let Some(allowance) = allowance {
                ratelimit::set(&mut response, &allowance);
            }
            response.json(TokenResponse::new(&issuance, &signed.token))
        }
        Err(failure) => failure.answer("token", &id),
    }
}

/// Read it aloud: it is the specification's order.
async fn token(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    attempt: &mut Attempt,
) -> Result<(Issuance, Signed), Failure> {
    let bytes = Caller::read_body(request, payload).await?;
    // After the body: who sends slowly takes nobody's turn.
    attempt.turn = Some(app.in_flight.clone().try_acquire_owned().map_err(|_| Failure::Busy)?);
    let form = Form::parse(&bytes)?;
    attempt.note_form(request, &form);
    let client = attempt.caller.authenticate(app, request, &form).await?;
    attempt.note_default(&client);
    let issuance = decide(&client, &Request::parse(&form)?, attempt.caller.now)?;
    attempt.taken = limit::take(app, &client, &issuance).await?;
    let issuance = wait_out_revocations(app, &attempt.caller, issuance).await;
    let mut claims = attempt.claims(app, &issuance);
    let signed = sign(app, &issuance, &mut claims).await?;
    attempt.status_list = claims.status.map(|status| status.status_list);
    Ok((issuance, signed))
}

/// Signs, with an index of a status list where the resource wants one. A list
/// is for one key: when that changes in between, the token names another.
async fn sign(app: &App, issuance: &Issuance, claims: &mut Claims) -> Result<Signed, Failure> {
    if !issuance.status_list {
        return Ok(app.keys.sign(issuance.algorithm, claims, app.clock.now())?);
    }
    loop {
        let kid = app.keys.current_kid(Purpose::AccessTokens, issuance.algorithm)?;
        let status_list = app.status_lists.refer(issuance, &kid).await?;
        claims.status = Some(Status { status_list });
        let signed = app.keys.sign(issuance.algorithm, claims, app.clock.now())?;
        if signed.kid == kid {
            return Ok(signed);
        }
    }
}

/// A token whose subject was revoked within this second would be dead on
/// arrival: it is issued in the next one. Waits two seconds at most.
async fn wait_out_revocations(app: &App, caller: &Caller, issuance: Issuance) -> Issuance {
    let resources = issuance.resources.iter().map(|uri| (Kind::Resource, uri.as_str()));
    let client = (Kind::Application, issuance.client_id.as_str());
    let secret = (Kind::Secret, caller.credential_id.as_deref().unwrap_or_default());
    let good_from = app.revocations.good_from([client, secret].into_iter().chain(resources));
    let now = caller.now;
    if good_from <= now {
        return issuance;
    }
    let wait = u64::try_from(good_from.0 - now.0).unwrap_or(0).min(MOST_WAIT_US);
    tokio::time::sleep(Duration::from_micros(wait)).await;
    issuance.issued_at(good_from)
}

const MOST_WAIT_US: u64 = 2_000_000;

/// What is known of a request so far.
struct Attempt {
    caller: Caller,
    scope: Option<String>,
    resources: Vec<String>,
    status_list: Option<StatusReference>,
    turn: Option<OwnedSemaphorePermit>,
    taken: Taken,
}

impl Attempt {
    fn new(caller: Caller) -> Self {
        Self {
            caller,
            scope: None,
            resources: Vec::new(),
            status_list: None,
            turn: None,
            taken: Taken::default(),
        }
    }

    fn note_form(&mut self, request: &HttpRequest, form: &Form<'_>) {
        self.caller.note_claim(request, form);
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
        if let ([], [only]) = (self.resources.as_slice(), &*client.grants) {
            self.resources.push(only.resource.clone());
        }
    }

    fn claims(&self, app: &App, issuance: &Issuance) -> Claims {
        let credential_id = self.caller.credential_id.clone().unwrap_or_default();
        Claims::new(&app.config.issuer.url, &self.caller.mark.id, issuance, credential_id)
    }

    fn event(self, decided: &Result<(Issuance, Signed), Failure>) -> Event {
        let facts = TokenFacts {
            resource: self.resources,
            scope_requested: self.scope,
            duration_us: self.caller.elapsed_us(),
            ..TokenFacts::default()
        };
        match decided {
            Ok((issuance, signed)) => {
                let jti = self.caller.mark.id.clone();
                let watched =
                    self.taken.watched.map(|exceeded| format!("{exceeded}, only watched"));
                let mut event = self.caller.event("token.issued", Outcome::Success);
                event.detail = watched;
                // Later than the request when it waited: `iat` is read off it.
                event.at = issuance.issued_at.0;
                let facts = TokenFacts { status_list: self.status_list, ..facts };
                event.token = Some(issued(facts, jti, issuance, signed));
                event
            }
            Err(failure) => {
                let codes = Codes { denied: "token.denied", failed: "token.failed" };
                self.caller.failed_event(codes, facts, failure)
            }
        }
    }
}

fn issued(asked: TokenFacts, jti: String, issuance: &Issuance, signed: &Signed) -> TokenFacts {
    TokenFacts {
        resource: issuance.resources.clone(),
        scope_granted: Some(issuance.scope.to_string()),
        jti: Some(jti),
        kid: Some(signed.kid.clone()),
        alg: Some(issuance.algorithm.as_str().into()),
        exp: Some(issuance.expires_at.seconds()),
        http_status: 200,
        ..asked
    }
}
