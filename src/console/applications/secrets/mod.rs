//! Secrets of an application.
pub mod expiry;
pub mod first_use;
pub mod new;
pub mod nudge;
pub mod reveal;
pub mod revocation;
pub mod rotation;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/applications/{client_id}/secrets/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .route("/applications/{client_id}/secrets/{secret_id}", web::get().to(show::get))
        .route(
            "/applications/{client_id}/secrets/{secret_id}/first-use",
            web::get().to(first_use::get),
        )
        .service(
            web::resource("/applications/{client_id}/secrets/{secret_id}/rotation")
                .route(web::get().to(rotation::get))
                .route(web::post().to(rotation::post)),
        )
        .service(
            web::resource("/applications/{client_id}/secrets/{secret_id}/expiry")
                .route(web::get().to(expiry::get))
                .route(web::post().to(expiry::post)),
        )
        .service(
            web::resource("/applications/{client_id}/secrets/{secret_id}/revocation")
                .route(web::get().to(revocation::get))
                .route(web::post().to(revocation::post)),
        );
}
