//! The passkeys of one's own account.
pub mod deletion;
pub mod edit;
pub mod new;

use actix_web::web;

use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::model::passkey::Passkey;
use crate::oauth::UnixTime;
use crate::store;
use crate::web::App;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/profile/passkeys/challenge", web::post().to(new::post_challenge))
        .service(
            web::resource("/profile/passkeys/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .service(
            web::resource("/profile/passkeys/{passkey}/edit")
                .route(web::get().to(edit::get))
                .route(web::post().to(edit::post)),
        )
        .service(
            web::resource("/profile/passkeys/{passkey}/deletion")
                .route(web::get().to(deletion::get))
                .route(web::post().to(deletion::post)),
        );
}

/// A passkey in a list.
pub struct Row {
    pub id: String,
    pub name: String,
    /// What made it, or how it is reached; may be empty.
    pub kind: String,
    pub added: Moment,
    pub used: Option<Moment>,
}

impl Row {
    pub fn new(found: &Passkey, now: UnixTime) -> Self {
        Self {
            id: found.id.clone(),
            name: found.name.clone(),
            kind: Some(found.kind()).filter(|kind| *kind != found.name).unwrap_or_default(),
            added: Moment::new(found.created_at, now),
            used: found.last_used_at.map(|at| Moment::new(at, now)),
        }
    }
}

/// The passkey of this id, if it is of whoever asks.
async fn find(person: &SignedIn, app: &App, id: String) -> Result<Passkey, Failure> {
    let found = app.pages.read(move |conn| store::passkeys::find(conn, &id)).await?;
    let own = found.filter(|one| one.administrator_id == person.administrator.id);
    own.ok_or(Failure::NotFound)
}
