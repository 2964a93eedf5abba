//! `GET /whoami`: does my token work, and what does it say? Protected by our
//! own tokens, RFC 6750.
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::failure::{Failure, uncached};
use crate::oauth::bearer::{self, Authorization};
use crate::web::App;
use crate::web::acceptance::accept;

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
        Ok(Ok(token)) => uncached(StatusCode::OK).json(json!({
            "iss": token.claims.iss,
            "client_id": token.claims.client_id,
            "sub": token.claims.sub,
            "aud": token.claims.aud,
            "scope": token.claims.scope,
            "exp": token.claims.exp,
            "jti": token.claims.jti,
            "token_type": "Bearer",
        })),
        Ok(Err(_)) => challenge(StatusCode::UNAUTHORIZED, Some("invalid_token")),
        Err(unknown) => Failure::from(unknown).response(),
    }
}

/// RFC 6750 §3: no error code when no token was sent.
fn challenge(status: StatusCode, error: Option<&str>) -> HttpResponse {
    let error = error.map(|error| format!(r#", error="{error}""#)).unwrap_or_default();
    uncached(status)
        .insert_header((WWW_AUTHENTICATE, format!(r#"Bearer realm="countersign"{error}"#)))
        .finish()
}
