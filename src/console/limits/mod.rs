//! Limits on tokens, all at a glance. Each is set on the page of whose it is.
pub mod index;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/limits", web::get().to(index::get));
}
