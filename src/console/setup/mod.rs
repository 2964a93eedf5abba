//! The first administrator.
pub mod new;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/setup").route(web::get().to(new::get)).route(web::post().to(new::post)),
    );
}
