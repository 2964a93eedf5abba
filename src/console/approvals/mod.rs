//! Acts that wait for a second person.
pub mod approval;
pub mod index;
pub mod pending;
pub mod refusal;
mod sentence;
pub mod show;
pub mod withdrawal;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/approvals", web::get().to(index::get))
        .route("/approvals/{id}", web::get().to(show::get))
        .route("/approvals/{id}/approval", web::post().to(approval::post))
        .route("/approvals/{id}/refusal", web::post().to(refusal::post))
        .route("/approvals/{id}/withdrawal", web::post().to(withdrawal::post));
}
