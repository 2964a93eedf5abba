//! Signing in through the OpenID provider: there and back.
//!
//! The way back is a request that another site caused. The session's cookie
//! would come with it while it is `SameSite=Lax`; what binds the way back to the
//! browser is a cookie of its own all the same, which lives for ten minutes and
//! opens nothing.
pub mod arrival;
pub mod departure;
pub mod journey;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/session/openid", web::post().to(departure::post))
        .route("/session/openid/callback", web::get().to(arrival::get))
        .route("/session/confirmation/openid", web::post().to(departure::post_confirmation));
}
