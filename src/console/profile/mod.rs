//! One's own account.
pub mod password;
pub mod sessions;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/profile", web::get().to(show::get))
        .route("/profile/password", web::post().to(password::post))
        .route("/profile/sessions/deletion", web::post().to(sessions::post))
        .route("/profile/sessions/{session}/deletion", web::post().to(sessions::post_one));
}
