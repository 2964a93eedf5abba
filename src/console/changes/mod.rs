//! What administrators changed: the acts of the audit log, field by field.
pub mod file;
pub mod index;
pub mod query;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/changes.csv", web::get().to(file::get))
        .route("/changes", web::get().to(index::get))
        .route("/changes/{id}", web::get().to(show::get));
}
