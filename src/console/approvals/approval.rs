//! `POST /approvals/{id}/approval`.
use actix_web::{HttpResponse, web};

use super::show;
use crate::admin::{Error, approvals};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::store::Conn;
use crate::text;
use crate::web::App;

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (app, id) = (app.into_inner(), id.into_inner());
    let (actor, keys, of) = (person.actor.clone(), app.key_policy(), id.clone());
    let approve = move |conn: &mut Conn| approvals::approve(conn, &actor, &of, keys);
    match app.act(approve).await {
        Ok(_) => {
            person.notice(text!("Approved, and done."));
            Ok(page::see_other(&format!("/approvals/{id}")))
        }
        // Told where it was asked, with what is stored now.
        Err(Error::Conflict(why)) => {
            page::conflict(&show::fill(&person, &app, id, FieldErrors::one("reason", why)).await?)
        }
        Err(error @ (Error::Invalid(_) | Error::TooSoon { .. })) => {
            let errors = FieldErrors::one("reason", error.to_string());
            page::conflict(&show::fill(&person, &app, id, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}
