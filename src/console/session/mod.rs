//! Signing in and out.
pub mod beginning;
pub mod deletion;
pub mod guard;
pub mod new;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .route("/sign-out", web::post().to(deletion::post));
}
