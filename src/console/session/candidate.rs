//! Somebody whose password was right, and who has to show more.
use actix_session::{Session, SessionExt as _};
use actix_web::{HttpRequest, web};

use crate::admin::Actor;
use crate::console::failure::Failure;
use crate::console::signed_in::anonymous;
use crate::model::administrator::Administrator;
use crate::model::session::CANDIDACY;
use crate::oauth::UnixTime;
use crate::store::administrators;
use crate::web::App;
use crate::web::session_store::{CANDIDATE, CANDIDATE_SINCE, NEXT, THROUGH};

/// They may do nothing but that.
pub struct Candidate {
    pub person: Administrator,
    /// Nobody yet.
    pub actor: Actor,
    pub session: Session,
    /// Where they wanted to go: a path of ours.
    pub next: String,
    /// Whether it was the OpenID provider that said who they are.
    pub through_provider: bool,
}

impl Candidate {
    /// # Errors
    /// `SignIn`: no password was right here, that was too long ago, or they were
    /// suspended meanwhile.
    pub async fn of(request: &HttpRequest, app: &web::Data<App>) -> Result<Self, Failure> {
        let session = request.get_session();
        let next: Option<String> = session.get(NEXT).ok().flatten();
        let next = next.unwrap_or_else(|| "/".to_owned());
        let out = || Failure::SignIn { next: next.clone() };
        let id: Option<String> = session.get(CANDIDATE).ok().flatten();
        let since: Option<i64> = session.get(CANDIDATE_SINCE).ok().flatten();
        let (Some(id), Some(since)) = (id, since) else { return Err(out()) };
        let actor = anonymous(request, app);
        if UnixTime(since) + CANDIDACY <= actor.now {
            session.purge();
            return Err(out());
        }
        let found = app.store.read(move |conn| administrators::find(conn, &id)).await?;
        let Some(person) = found.filter(|person| person.active) else {
            session.purge();
            return Err(out());
        };
        let through_provider = session.contains_key(THROUGH);
        Ok(Self { person, actor, session, next, through_provider })
    }
}
