//! The authenticator app of one's own account.
pub mod deletion;
pub mod draft;
pub mod new;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/profile/authenticator/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .service(
            web::resource("/profile/authenticator/deletion")
                .route(web::get().to(deletion::get))
                .route(web::post().to(deletion::post)),
        );
}
