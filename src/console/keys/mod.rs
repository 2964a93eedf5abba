//! Signing keys.
pub mod index;
pub mod life;
pub mod rotation;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/keys")
            .route("", web::get().to(index::get))
            .route("/rotation", web::get().to(rotation::get))
            .route("/rotation", web::post().to(rotation::post)),
    );
}
