//! The scopes of an API.
pub mod addition;
pub mod deletion;

use actix_web::web;

/// The name of a scope may have any character that is visible, so it stands
/// percent-encoded in its URL.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/apis/{id}/scopes", web::post().to(addition::post)).service(
        web::resource("/apis/{id}/scopes/{scope}/deletion")
            .route(web::get().to(deletion::get))
            .route(web::post().to(deletion::post)),
    );
}
