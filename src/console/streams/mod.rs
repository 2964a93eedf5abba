//! Streams of the audit log. Read-only: they are set where the server is
//! started.
pub mod index;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/streams", web::get().to(index::get));
}
