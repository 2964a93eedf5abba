//! Secrets of an application.
pub mod new;
pub mod reveal;
pub mod revocation;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/applications/{client_id}/secrets/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .service(
            web::resource("/applications/{client_id}/secrets/{secret_id}/revocation")
                .route(web::get().to(revocation::get))
                .route(web::post().to(revocation::post)),
        );
}
