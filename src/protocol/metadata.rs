//! `GET /.well-known/oauth-authorization-server`, RFC 8414 §3.
use actix_web::{HttpRequest, HttpResponse, web};

use super::document::Document;
use crate::web::App;

pub async fn get(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let document = Document {
        media_type: "application/json",
        body: &app.metadata.body,
        etag: &app.metadata.etag,
        max_age_seconds: 300,
    };
    document.answer(&request)
}
