//! Applications that were deleted and can still be restored.
pub mod index;
pub mod restoration;

use actix_web::web;

/// Before the pages of applications: their paths begin alike.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/applications/deleted", web::get().to(index::get)).service(
        web::resource("/applications/deleted/{client_id}/restoration")
            .route(web::get().to(restoration::get))
            .route(web::post().to(restoration::post)),
    );
}

/// The page on which one is restored.
pub fn restoration_href(client_id: &str) -> String {
    format!("/applications/deleted/{client_id}/restoration")
}
