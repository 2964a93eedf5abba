//! What begins once somebody has proved who they are.
use actix_session::Session;
use actix_web::HttpResponse;

use crate::admin::Actor;
use crate::console::failure::Failure;
use crate::model::administrator::Administrator;
use crate::web::App;
use crate::web::device::Device;
use crate::web::session_store::{ADDRESS, ADMINISTRATOR, ID, SIGNED_IN_AT, USER_AGENT};

/// Gives the person a session under a new key: one that was known before they
/// signed in is worth nothing.
///
/// # Errors
/// None that a caller could cause.
pub fn begin(session: &Session, actor: &Actor, person: &Administrator) -> Result<(), Failure> {
    session.clear();
    session.renew();
    let kept = session
        .insert(ADMINISTRATOR, &person.id)
        .and_then(|()| session.insert(SIGNED_IN_AT, actor.now.0))
        .and_then(|()| session.insert(ID, actor.entropy.id("ses_", actor.now)))
        .and_then(|()| session.insert(ADDRESS, &actor.source.address))
        .and_then(|()| session.insert(USER_AGENT, &actor.source.user_agent));
    kept.map_err(|error| Failure::Broken(error.to_string()))
}

/// Has the browser be known at the next sign-in.
///
/// # Errors
/// None that a caller could cause.
pub fn remember(
    answer: &mut HttpResponse,
    app: &App,
    actor: &Actor,
    person: &Administrator,
) -> Result<(), Failure> {
    let key = app.keys.cookie_key().map_err(|error| Failure::Broken(error.to_string()))?;
    let device = Device::new(&person.id, &actor.entropy, actor.now);
    answer
        .add_cookie(&device.cookie(&app.config, &key, actor.now))
        .map_err(|error| Failure::Broken(error.to_string()))
}
