//! `POST /oauth/revoke`, RFC 7009: a client ends a token of its own.
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::caller::{Caller, Codes};
use super::failure::{Failure, uncached};
use super::introspection::token;
use crate::model::audit_event::{self, Event, TokenFacts};
use crate::model::revocation::{Late, Revocation};
use crate::oauth::access_token::Verified;
use crate::oauth::error::Code;
use crate::oauth::form::Form;
use crate::oauth::reason::Reason;
use crate::oauth::revocation::Kind;
use crate::oauth::{Error, UnixTime};
use crate::web::App;

/// A token, to a 200 that is true: what it says is on disk. Or to a 202: the
/// token is dead here and that is on disk here, and others will hear of it.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> HttpResponse {
    let mut caller = Caller::new(&app, &request);
    let id = caller.request_id();
    let answer = match revoke(&app, &request, payload, &mut caller).await {
        Ok(Outcome::Nothing) => Ok(NOTHING),
        Ok(Outcome::Waits) => Ok(KEPT),
        Ok(Outcome::Ends(token)) => end(&app, caller, &token).await,
        Err(failure) => {
            let facts = TokenFacts { duration_us: caller.elapsed_us(), ..TokenFacts::default() };
            let event = caller.failed_event(CODES, facts, &failure);
            Err(app.recorder.record(event).await.err().map_or(failure, Into::into))
        }
    };
    let result = answer.as_ref().copied().unwrap_or_else(|failure| failure.reason().as_str());
    app.metrics.token_revocation(result);
    match answer {
        Ok(result) if result == KEPT => uncached(StatusCode::ACCEPTED).finish(),
        Ok(_) => uncached(StatusCode::OK).finish(),
        Err(failure) => failure.answer("revocation", &id),
    }
}

const NOTHING: &str = "nothing_to_revoke";
const REVOKED: &str = "revoked";
const KEPT: &str = "kept_in_journal";

/// What is to be done with a token.
enum Outcome {
    /// It was never good, or is not any more, RFC 7009 §2.2.
    Nothing,
    /// It is dead here already, and the database has not heard of it.
    Waits,
    Ends(Arc<Verified>),
}

const CODES: Codes = Codes { denied: "token.revocation_denied", failed: "token.revocation_failed" };

/// Which token to end.
async fn revoke(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    caller: &mut Caller,
) -> Result<Outcome, Failure> {
    let bytes = Caller::read_body(request, payload).await?;
    let form = Form::parse(&bytes)?;
    caller.note_claim(request, &form);
    let client = caller.authenticate(app, request, &form).await?;
    // The hint is not needed: there is one kind of token, RFC 7009 §2.1.
    let Some(token) = app.keys.verify(token(&form)?) else { return Ok(Outcome::Nothing) };
    if token.claims.client_id != client.client_id {
        return Err(Error::new(
            Code::InvalidRequest,
            Reason::TokenOfAnother,
            "the token was issued to another client and is not revoked",
        )
        .because(token.claims.jti.clone())
        .into());
    }
    if token.claims.exp <= caller.now.seconds() {
        return Ok(Outcome::Nothing);
    }
    if app.journal.holds(Kind::Token, &token.claims.jti) {
        return Ok(Outcome::Waits);
    }
    // As far as is known: to end a token twice does no harm.
    let is_over = app.revocations.is_known_to_cover(&token);
    Ok(if is_over { Outcome::Nothing } else { Outcome::Ends(token) })
}

/// Revokes `token` and records it, both in one commit; or in the journal, when
/// the database takes none.
async fn end(
    app: &web::Data<App>,
    caller: Caller,
    token: &Verified,
) -> Result<&'static str, Failure> {
    let claims = &token.claims;
    let expires_at = UnixTime::from_seconds(claims.exp);
    let id = app.entropy.id("rev_", caller.now);
    let revocation = Revocation {
        client_id: Some(claims.client_id.clone()),
        reason: "revoked by its client".to_owned(),
        created_by: claims.client_id.clone(),
        ..Revocation::of_token(id, &claims.jti, expires_at, caller.now)
    };
    let event = event(caller, token);
    let recorded = app.recorder.record_revocation(event.clone(), revocation.clone()).await;
    let Err(error) = recorded else {
        app.revocations.add(&revocation);
        return Ok(REVOKED);
    };
    let kept = app.clone().into_inner().keep(Late { revocation, event }).await;
    kept.map(|()| KEPT).map_err(|_| error.into())
}

fn event(caller: Caller, token: &Verified) -> Event {
    let duration_us = caller.elapsed_us();
    let mut event = caller.event("token.revoked", audit_event::Outcome::Success);
    event.token = Some(TokenFacts {
        resource: token.claims.aud.resources().to_vec(),
        jti: Some(token.claims.jti.clone()),
        kid: Some(token.kid.clone()),
        exp: Some(token.claims.exp),
        http_status: 200,
        duration_us,
        ..TokenFacts::default()
    });
    event
}
