//! `/search`: to any page, by what people have in hand.
pub mod hit;
pub mod index;
pub mod places;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/search", web::get().to(index::get));
}
