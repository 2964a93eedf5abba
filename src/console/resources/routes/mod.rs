//! What the gate demands of requests to an API.
pub mod addition;
pub mod deletion;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/apis/{id}/routes", web::post().to(addition::post)).service(
        web::resource("/apis/{id}/routes/deletion")
            .route(web::get().to(deletion::get))
            .route(web::post().to(deletion::post)),
    );
}
