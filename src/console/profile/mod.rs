//! One's own account.
pub mod authenticator;
pub mod identities;
pub mod passkeys;
pub mod password;
pub mod recovery_codes;
pub mod sessions;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/profile", web::get().to(show::get))
        .route("/profile/identities", web::post().to(identities::post))
        .route("/profile/identities/deletion", web::post().to(identities::post_deletion))
        .route("/profile/password", web::post().to(password::post))
        .route("/profile/recovery-codes", web::post().to(recovery_codes::post))
        .configure(authenticator::routes)
        .configure(passkeys::routes)
        .route("/profile/sessions/deletion", web::post().to(sessions::post))
        .route("/profile/sessions/{session}/deletion", web::post().to(sessions::post_one));
}
