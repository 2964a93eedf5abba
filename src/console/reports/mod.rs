//! Saved questions: on the screen, on paper, as files.
pub mod file;
pub mod index;
pub mod query;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reports", web::get().to(index::get))
        .route("/reports/{id}", web::get().to(show::get))
        .route("/reports/{id}/rows.csv", web::get().to(file::get));
}
