//! One's own account.
pub mod password;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/profile", web::get().to(show::get))
        .route("/profile/password", web::post().to(password::post));
}
