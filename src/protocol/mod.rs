//! OAuth over HTTP.
pub mod authorization;
pub mod body;
mod caller;
mod document;
pub mod failure;
pub mod gate;
pub mod introspection;
pub mod jwks;
mod limit;
pub mod metadata;
mod ratelimit;
pub mod revocation;
pub mod revocations;
pub mod status_lists;
pub mod tlog;
pub mod token;
pub mod whoami;

use std::future::{Ready, ready};

use actix_web::http::header::ALLOW;
use actix_web::{HttpResponse, web};

use crate::web::App;

/// The endpoints, below the path of the issuer. The well-known document of
/// RFC 8414 stands before that path, §3.1.
pub fn routes(config: &mut web::ServiceConfig, app: &App) {
    let path = &app.config.issuer.path;
    let documents = [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    for document in documents {
        config.service(
            web::resource(document)
                .route(web::get().to(metadata::get))
                .route(web::head().to(metadata::get))
                .default_service(web::to(only("GET, HEAD"))),
        );
    }
    config
        .service(
            web::resource(format!("{path}/oauth/jwks.json"))
                .route(web::get().to(jwks::get))
                .route(web::head().to(jwks::get))
                .default_service(web::to(only("GET, HEAD"))),
        )
        .configure(|config| status_lists::routes(config, path))
        .service(
            web::resource(format!("{path}/oauth/token"))
                .route(web::post().to(token::post))
                .default_service(web::to(only("POST"))),
        )
        .service(
            web::resource(format!("{path}/oauth/introspect"))
                .route(web::post().to(introspection::post))
                .default_service(web::to(only("POST"))),
        )
        .service(
            web::resource(format!("{path}/oauth/revoke"))
                .route(web::post().to(revocation::post))
                .default_service(web::to(only("POST"))),
        )
        .service(web::resource(format!("{path}/gate")).route(web::route().to(gate::by_identifier)))
        .service(web::resource(format!("{path}/gate/{{id}}")).route(web::route().to(gate::by_id)))
        .service(
            web::resource(format!("{path}/gate/{{id}}/envoy{{target:.*}}"))
                .route(web::route().to(gate::behind_prefix)),
        )
        .service(
            web::resource(format!("{path}/oauth/revocations"))
                .route(web::get().to(revocations::get))
                .default_service(web::to(only("GET"))),
        )
        .service(
            web::resource(format!("{path}/whoami"))
                .route(web::get().to(whoami::get))
                .route(web::head().to(whoami::get))
                .default_service(web::to(only("GET, HEAD"))),
        );
    optional(config, app);
}

/// What an operator may switch on or off.
fn optional(config: &mut web::ServiceConfig, app: &App) {
    let path = &app.config.issuer.path;
    if app.config.sealing.public {
        tlog::routes(config, path);
    }
    if app.config.authorization_endpoint {
        config.service(
            web::resource(format!("{path}/oauth/authorize"))
                .default_service(web::to(authorization::refuse)),
        );
    }
}

/// Refuses every other method, RFC 9110 §15.5.6.
fn only(allowed: &'static str) -> impl Fn() -> Ready<HttpResponse> + Clone {
    move || {
        ready(
            HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, allowed))
                .insert_header(("cache-control", "no-store"))
                .json(serde_json::json!({
                    "error": "invalid_request",
                    "error_description": format!("this endpoint takes {allowed}"),
                })),
        )
    }
}
