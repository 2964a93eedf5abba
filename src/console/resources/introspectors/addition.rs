//! `POST /apis/{id}/introspectors`.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::admin;
use crate::admin::introspectors::{self, Of};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::resources::verification::{Again, fill};
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::store::Conn;
use crate::text;
use crate::texts::Text;
use crate::web::App;

/// The field as it was typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    pub client_id: String,
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, introspector, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let client_id = introspector.client_id.trim().to_owned();
    let (actor, of) = (person.actor.clone(), Of::Resource(id.clone()));
    let add = move |conn: &mut Conn| introspectors::add(conn, &actor, &of, &client_id);
    let message = match app.act(add).await {
        Ok(()) => {
            person.notice(text!("The application may introspect its tokens."));
            return Ok(page::see_other(&format!("/apis/{id}/verification#s-introspectors")));
        }
        Err(admin::Error::Conflict(why)) => Text::looked_up(why),
        // An API that is gone is found out when the page is filled.
        Err(admin::Error::NotFound) => text!("No application has this client ID."),
        Err(other) => return Err(other.into()),
    };
    let errors = FieldErrors::one("client_id", message);
    let again = Again { introspector, errors, ..Again::default() };
    page::unprocessable(&fill(&person, &app, id, again).await?)
}
