//! Documents that anybody may read and keep for a while.
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse};

/// A public document, how long it may be kept, and its tag.
pub struct Document<'a> {
    pub media_type: &'static str,
    pub body: &'a str,
    /// Quoted, as in an `ETag` header.
    pub etag: &'a str,
    pub max_age_seconds: i64,
}

impl Document<'_> {
    /// The document, or 304 to who has it.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response
            .insert_header((CACHE_CONTROL, format!("public, max-age={}", self.max_age_seconds)))
            .insert_header((ETAG, self.etag))
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
        if is_known(request, self.etag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.insert_header((CONTENT_TYPE, self.media_type)).body(self.body.to_owned())
    }
}

/// Whether the caller holds what this tag names, RFC 9110 §13.1.2.
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag))
}
