//! `GET /oauth/jwks.json`: the public keys, RFC 7517 §5. From memory.
use actix_web::{HttpRequest, HttpResponse, web};

use super::document::Document;
use crate::web::App;

pub async fn get(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let jwks = app.keys.jwks();
    let document = Document {
        media_type: "application/jwk-set+json",
        body: &jwks.body,
        etag: &jwks.etag,
        max_age_seconds: app.config.keys.jwks_cache_seconds,
    };
    document.answer(&request)
}
