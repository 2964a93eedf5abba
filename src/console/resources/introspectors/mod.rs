//! Who may introspect the tokens of an API.
pub mod addition;
pub mod deletion;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/apis/{id}/introspectors", web::post().to(addition::post))
        .route("/apis/{id}/introspectors/{client_id}/deletion", web::post().to(deletion::post));
}
