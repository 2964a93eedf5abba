//! The audit log: token requests and administrative acts.
pub mod act;
pub mod advice;
pub mod choices;
pub mod detail;
pub mod diff;
pub mod entry;
pub mod fate;
pub mod file;
pub mod fold;
pub mod index;
pub mod integrity;
pub mod ladder;
pub mod live;
pub mod names;
pub mod query;
pub mod reading;
pub mod show;
pub mod stream;
pub mod words;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/log", web::get().to(index::get))
        .route("/log.{format:csv|jsonl|cef|ocsf}", web::get().to(file::get))
        .route("/log/integrity", web::get().to(integrity::get))
        .route("/log/tlog/{rest:.*}", web::get().to(integrity::tlog))
        .route("/log/live", web::get().to(live::get))
        .route("/log/stream", web::get().to(stream::get))
        .route("/log/{id}", web::get().to(show::get));
}
