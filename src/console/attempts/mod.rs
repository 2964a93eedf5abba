//! Failed attempts to sign in, and addresses that may not.
pub mod blocks;
pub mod index;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sign-in-attempts", web::get().to(index::get))
        .route("/sign-in-attempts/blocks", web::post().to(blocks::post))
        .route("/sign-in-attempts/blocks/deletion", web::post().to(blocks::post_deletion));
}
