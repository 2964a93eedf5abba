//! Signing keys.
pub mod index;
pub mod life;
pub mod rotation;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/keys", web::get().to(index::get)).service(
        web::resource("/keys/rotation")
            .route(web::get().to(rotation::get))
            .route(web::post().to(rotation::post)),
    );
}
