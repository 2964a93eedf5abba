//! Pages; mirrors `templates/console`.
use actix_web::web;

/// Every page, in the order of the menu.
pub fn routes(_config: &mut web::ServiceConfig) {}
