//! `GET /whoami`: does my token work, and what does it say? Protected by our
//! own tokens, RFC 6750.
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::failure::{Failure, uncached};
use crate::oauth::access_token::Claims;
use crate::oauth::bearer::{self, Authorization};
use crate::web::App;

pub async fn get(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    if request.query_string().split('&').any(|pair| pair.starts_with("access_token=")) {
        return challenge(StatusCode::BAD_REQUEST, Some("invalid_request"));
    }
    let header = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let token = match bearer::read(header) {
        Authorization::Absent => return challenge(StatusCode::UNAUTHORIZED, None),
        Authorization::Malformed => {
            return challenge(StatusCode::BAD_REQUEST, Some("invalid_request"));
        }
        Authorization::Token(token) => token,
    };
    match accept(&app, token).await {
        Ok(Some(claims)) => uncached(StatusCode::OK).json(json!({
            "iss": claims.iss,
            "client_id": claims.client_id,
            "sub": claims.sub,
            "aud": claims.aud,
            "scope": claims.scope,
            "exp": claims.exp,
            "jti": claims.jti,
            "token_type": "Bearer",
        })),
        Ok(None) => challenge(StatusCode::UNAUTHORIZED, Some("invalid_token")),
        Err(failure) => failure.response(),
    }
}

/// The claims of a token that we signed, that has not expired, and whose
/// application is still active.
async fn accept(app: &App, token: &str) -> Result<Option<Claims>, Failure> {
    let in_force = |claims: &Claims| claims.is_in_force(&app.config.issuer.url, app.clock.now());
    let Some(claims) = app.keys.verify(token).filter(in_force) else { return Ok(None) };
    let client = app.directory.find(&claims.client_id).await?;
    Ok(client.filter(|client| client.active).map(|_| claims))
}

/// RFC 6750 §3: no error code when no token was sent.
fn challenge(status: StatusCode, error: Option<&str>) -> HttpResponse {
    let error = error.map(|error| format!(r#", error="{error}""#)).unwrap_or_default();
    uncached(status)
        .insert_header((WWW_AUTHENTICATE, format!(r#"Bearer realm="countersign"{error}"#)))
        .finish()
}
