//! What begins once somebody has proved who they are.
use actix_session::Session;
use actix_web::HttpResponse;

use crate::admin::{Actor, factors};
use crate::console::draft::Draft;
use crate::console::failure::Failure;
use crate::model::administrator::Administrator;
use crate::web::App;
use crate::web::device::Device;
use crate::web::session_store::{
    ADDRESS, ADMINISTRATOR, CANDIDATE, CANDIDATE_SINCE, CONFIRMED_AT, DRAFT, ID, NEXT,
    SECOND_FACTOR, SIGNED_IN_AT, THROUGH, USER_AGENT,
};

/// What stands between the right password and a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    Nothing,
    /// A passkey, a code of the authenticator app, or what stands in for them.
    Factor,
    /// Their role needs a second factor, and they have none.
    SetUp,
}

impl Ahead {
    pub async fn of(app: &App, person: &Administrator) -> Result<Self, Failure> {
        let id = person.id.clone();
        let has = app.store.read(move |conn| factors::has_any(conn, &id)).await?;
        Ok(match has {
            true => Self::Factor,
            false if app.config.second_factor_required.contains(&person.role) => Self::SetUp,
            false => Self::Nothing,
        })
    }

    /// The page that asks for it.
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Factor => Some("/session/second-factor"),
            Self::SetUp => Some("/session/enrolment"),
        }
    }
}

/// Gives the person a session under a new key: one that was known before they
/// signed in is worth nothing.
///
/// # Errors
/// None that a caller could cause.
pub fn begin(
    session: &Session,
    actor: &Actor,
    person: &Administrator,
    second_factor: bool,
) -> Result<(), Failure> {
    // What they had typed waits for whom it was kept, as does the provider's word.
    let candidate: Option<String> = session.get(CANDIDATE).ok().flatten();
    let is_theirs = candidate.as_ref() == Some(&person.id);
    let draft: Option<Draft> = session.get(DRAFT).ok().flatten().filter(|_| is_theirs);
    let through: Option<String> = session.get(THROUGH).ok().flatten().filter(|_| is_theirs);
    session.clear();
    session.renew();
    if let Some(draft) = draft {
        draft.keep(session);
    }
    if let Some(through) = through {
        session.insert(THROUGH, through).map_err(|error| Failure::Broken(error.to_string()))?;
    }
    let kept = session
        .insert(ADMINISTRATOR, &person.id)
        .and_then(|()| session.insert(SIGNED_IN_AT, actor.now.0))
        .and_then(|()| session.insert(CONFIRMED_AT, actor.now.0))
        .and_then(|()| session.insert(SECOND_FACTOR, second_factor))
        .and_then(|()| session.insert(ID, actor.entropy.id("ses_", actor.now)))
        .and_then(|()| session.insert(ADDRESS, &actor.source.address))
        .and_then(|()| session.insert(USER_AGENT, &actor.source.user_agent));
    kept.map_err(|error| Failure::Broken(error.to_string()))
}

/// Remembers that the password of this person was right, in a session that is
/// nobody's yet, and under a new key.
///
/// # Errors
/// None that a caller could cause.
pub fn half(
    session: &Session,
    actor: &Actor,
    person: &Administrator,
    next: &str,
) -> Result<(), Failure> {
    session.clear();
    session.renew();
    let kept = session
        .insert(CANDIDATE, &person.id)
        .and_then(|()| session.insert(CANDIDATE_SINCE, actor.now.0))
        .and_then(|()| session.insert(NEXT, next));
    kept.map_err(|error| Failure::Broken(error.to_string()))
}

/// Remembers that it was the provider who said who they are: after [`begin`] or
/// [`half`].
///
/// # Errors
/// None that a caller could cause.
pub fn through_provider(session: &Session) -> Result<(), Failure> {
    session.insert(THROUGH, "openid").map_err(|error| Failure::Broken(error.to_string()))
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
