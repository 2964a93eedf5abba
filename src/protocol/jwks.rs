//! `GET /oauth/jwks.json`: the public keys, RFC 7517 §5. From memory.
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::App;

pub async fn get(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let jwks = app.keys.jwks();
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == jwks.etag));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header((ETAG, jwks.etag.clone()))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    if fresh {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, "application/jwk-set+json")).body(jwks.body.clone())
}
