//! The audit log: token requests and administrative acts.
pub mod act;
pub mod advice;
pub mod called;
pub mod choices;
pub mod detail;
pub mod diff;
pub mod entry;
pub mod fate;
pub mod file;
pub mod fold;
pub mod hold;
pub mod index;
pub mod integrity;
pub mod ladder;
pub mod live;
pub mod names;
pub mod pruning;
pub mod query;
pub mod reading;
pub mod redaction;
pub mod show;
pub mod stream;
pub mod words;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/log", web::get().to(index::get))
        .route("/log.{format:csv|jsonl|cef|ocsf}", web::get().to(file::get))
        .route("/log/integrity", web::get().to(integrity::get))
        .route("/log/hold", web::get().to(hold::get))
        .route("/log/hold", web::post().to(hold::post))
        .route("/log/pruning", web::get().to(pruning::get))
        .route("/log/pruning", web::post().to(pruning::post))
        .route("/log/redaction", web::get().to(redaction::get))
        .route("/log/redaction", web::post().to(redaction::post))
        .route("/log/tlog/{rest:.*}", web::get().to(integrity::tlog))
        .route("/log/live", web::get().to(live::get))
        .route("/log/stream", web::get().to(stream::get))
        .route("/log/{id}", web::get().to(show::get));
}
