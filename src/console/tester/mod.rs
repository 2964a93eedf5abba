//! The token tester: what would this application get, and what is this token?
//! Reads only: nothing is signed, nothing is recorded, and what was pasted is
//! neither kept nor shown again.
pub mod claims;
pub mod decoder;
pub mod finding;
pub mod jwt;
pub mod show;
pub mod trial;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/tester", web::get().to(show::get))
        .route("/tester", web::post().to(show::post))
        .route("/tester/decoder", web::get().to(decoder::get))
        .route("/tester/decoder", web::post().to(decoder::post));
}
