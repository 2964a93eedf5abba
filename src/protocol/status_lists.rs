//! `GET /oauth/status-lists/{id}`: which tokens of a list are revoked;
//! draft-ietf-oauth-status-list-21 §8 and §9. From memory.
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AcceptEncoding,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding, Header as _, IF_NONE_MATCH,
    VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::json;

use super::failure::Failure;
use super::only;
use crate::oauth::status_list::MEDIA_TYPE;
use crate::status_lists::statements::Statement;
use crate::web::App;

/// How long what stands between us and a verifier may keep an answer. The `ttl`
/// counts from when the verifier fetched it: it must not have aged before.
const CACHED: &str = "public, max-age=1";

pub fn routes(config: &mut web::ServiceConfig, path: &str) {
    config
        .service(
            web::resource(format!("{path}/oauth/status-lists"))
                .route(web::get().to(aggregation))
                .route(web::head().to(aggregation))
                .default_service(web::to(only("GET, HEAD"))),
        )
        .service(
            web::resource(format!("{path}/oauth/status-lists/{{id}}"))
                .route(web::get().to(get))
                .route(web::head().to(get))
                .default_service(web::to(only("GET, HEAD"))),
        );
}

/// One list.
async fn get(request: HttpRequest, id: web::Path<String>, app: web::Data<App>) -> HttpResponse {
    // Past statuses are kept nowhere, §8.4.
    if request.query_string().split('&').any(|pair| pair == "time" || pair.starts_with("time=")) {
        return plain(StatusCode::NOT_IMPLEMENTED, "past statuses are not kept");
    }
    match app.status_lists.find(&id).await {
        Ok(Some(statement)) => answer(&request, &statement),
        Ok(None) => plain(StatusCode::NOT_FOUND, "there is no such status list"),
        Err(error) => {
            tracing::warn!(%error, "status_list.not_answered");
            let mut response = Failure::from(error).response();
            let any = actix_web::http::header::HeaderValue::from_static("*");
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
            response
        }
    }
}

/// The addresses of all lists.
async fn aggregation(app: web::Data<App>) -> HttpResponse {
    open(StatusCode::OK).json(json!({ "status_lists": app.status_lists.aggregation() }))
}

fn answer(request: &HttpRequest, statement: &Statement) -> HttpResponse {
    let gzip = takes_gzip(request);
    // Another coding is another representation, and has a tag of its own.
    let tag =
        if gzip { format!("\"{}-gz\"", statement.tag) } else { format!("\"{}\"", statement.tag) };
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let mut response = open(StatusCode::OK);
    response
        .insert_header((ETAG, tag))
        .insert_header((VARY, "accept-encoding"))
        .insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, "etag"));
    if fresh {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, MEDIA_TYPE));
    if gzip {
        response.insert_header((CONTENT_ENCODING, "gzip")).body(statement.gzip.clone())
    } else {
        response.body(statement.token.clone())
    }
}

/// Only who says so gets it compressed.
fn takes_gzip(request: &HttpRequest) -> bool {
    request.headers().contains_key(ACCEPT_ENCODING)
        && AcceptEncoding::parse(request).is_ok_and(|accepted| {
            let ours = [Encoding::gzip(), Encoding::identity()];
            accepted.negotiate(ours.iter()) == Some(Encoding::gzip())
        })
}

fn plain(status: StatusCode, why: &'static str) -> HttpResponse {
    open(status).insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(why)
}

/// An answer that scripts of any page may read.
fn open(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, CACHED))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(("x-content-type-options", "nosniff"));
    response
}
