//! Who can call what, now and at a day in the past.
pub mod file;
pub mod history;
pub mod idle;
pub mod index;
pub mod matrix;
pub mod query;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/access", web::get().to(index::get))
        .route("/access.csv", web::get().to(file::get))
        .route("/access/history", web::get().to(history::get))
        .route("/access/idle", web::get().to(idle::get));
}
