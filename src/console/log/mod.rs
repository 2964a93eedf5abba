//! The audit log: token requests and administrative acts.
pub mod act;
pub mod advice;
pub mod choices;
pub mod detail;
pub mod diff;
pub mod entry;
pub mod fate;
pub mod index;
pub mod ladder;
pub mod names;
pub mod query;
pub mod show;
pub mod words;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/log", web::get().to(index::get)).route("/log/{id}", web::get().to(show::get));
}
