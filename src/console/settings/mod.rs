//! The configuration that this server runs with. Read-only: it is set where
//! the server is started.
pub mod overrides;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/settings", web::get().to(show::get))
        .route("/settings/countersign.toml", web::get().to(overrides::get));
}
