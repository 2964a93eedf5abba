//! `POST /oauth/introspect`, RFC 7662: may this token be accepted?
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::caller::{Caller, Codes};
use super::failure::{Failure, uncached};
use crate::audit::access::{Access, KindRef};
use crate::model::audit_event::TokenFacts;
use crate::oauth::Error;
use crate::oauth::access_token::Verified;
use crate::oauth::error::Code;
use crate::oauth::form::Form;
use crate::oauth::introspection::Answer;
use crate::oauth::reason::Reason;
use crate::web::App;
use crate::web::acceptance::accept;

/// A token, to what its caller may know of it. A refusal is on disk before it
/// is sent.
pub async fn post(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> HttpResponse {
    let mut caller = Caller::new(&app, &request);
    let id = caller.request_id();
    match introspect(&app, &request, payload, &mut caller).await {
        Ok((answer, result)) => {
            app.metrics.introspected(result);
            uncached(StatusCode::OK).json(answer)
        }
        Err(failure) => {
            app.metrics.introspected(failure.reason().as_str());
            let facts = TokenFacts { duration_us: caller.elapsed_us(), ..TokenFacts::default() };
            let event = caller.failed_event(CODES, facts, &failure);
            let failure = app.recorder.record(event).await.err().map_or(failure, Into::into);
            failure.answer("introspection", &id)
        }
    }
}

const CODES: Codes =
    Codes { denied: "token.introspection_denied", failed: "token.introspection_failed" };

/// What the caller is told, and the word for it that only we know: to the
/// caller every token that is not good for it looks alike, RFC 7662 §2.2.
async fn introspect(
    app: &App,
    request: &HttpRequest,
    payload: web::Payload,
    caller: &mut Caller,
) -> Result<(Answer, &'static str), Failure> {
    let bytes = Caller::read_body(request, payload).await?;
    let form = Form::parse(&bytes)?;
    caller.note_claim(request, &form);
    let client = caller.authenticate(app, request, &form).await?;
    let token = token(&form)?;
    let (answer, result, token) = match accept(app, token).await? {
        Err(cause) => (Answer::inactive(), cause.as_str(), None),
        Ok(token) => match Answer::active(&token.claims, &client.introspects) {
            Some(answer) => (answer, "active", Some(token)),
            None => (Answer::inactive(), "wrong_audience", Some(token)),
        },
    };
    record(app, &client.client_id, token.as_deref(), result).await?;
    Ok((answer, result))
}

/// Asking is how an API learns that it may let somebody in: it is recorded as
/// the API's policy says.
async fn record(
    app: &App,
    caller: &str,
    token: Option<&Verified>,
    decision: &'static str,
) -> Result<(), Failure> {
    let claims = token.map(|token| &token.claims);
    let resource = claims.and_then(|claims| claims.aud.resources().first());
    let policy = match resource {
        Some(resource) => app.directory.resource(resource).await?,
        None => None,
    };
    let kind = KindRef {
        via: "introspection",
        caller: Some(caller),
        client_id: claims.map(|claims| claims.client_id.as_str()),
        resource: resource.map(String::as_str),
        method: None,
        route: None,
        decision,
    };
    let policy = policy.map(|resource| resource.access_records).unwrap_or_default();
    let (jti, at) = (claims.map(|claims| claims.jti.as_str()), app.clock.now());
    let access = Access { kind, jti, at };
    Ok(app.recorder.record_access(policy, access, || app.entropy.mark(at)).await?)
}

/// The `token` parameter of introspection and revocation.
///
/// # Errors
/// `invalid_request`: there is none.
pub fn token<'f>(form: &'f Form<'_>) -> Result<&'f str, Error> {
    form.get("token")
        .ok_or_else(|| Error::new(Code::InvalidRequest, Reason::TokenMissing, "token is missing"))
}
