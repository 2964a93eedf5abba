//! `/invitation`: opened with a one-time link that an owner handed over.
pub mod new;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/invitation")
            .route(web::get().to(new::get))
            .route(web::post().to(new::post)),
    );
}
