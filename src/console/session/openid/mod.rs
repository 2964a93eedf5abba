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

use crate::console::failure::Failure;
use crate::store::break_glass;
use crate::web::App;

/// Whether the provider alone may say that it is them: whatever else they show,
/// it is for break-glass accounts.
///
/// # Errors
/// The database's.
pub async fn must_say(app: &App, administrator_id: &str) -> Result<bool, Failure> {
    if !app.openid.as_ref().is_some_and(|provider| provider.config().only) {
        return Ok(false);
    }
    let id = administrator_id.to_owned();
    Ok(!app.store.read(move |conn| break_glass::is_one(conn, &id)).await?)
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/session/openid", web::post().to(departure::post))
        .route("/session/openid/callback", web::get().to(arrival::get))
        .route("/session/confirmation/openid", web::post().to(departure::post_confirmation));
}
