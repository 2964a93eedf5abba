//! `POST /approvals/{id}/withdrawal`.
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
    let id = id.into_inner();
    let (actor, of) = (person.actor.clone(), id.clone());
    let withdraw = move |conn: &mut Conn| approvals::withdraw(conn, &actor, &of);
    match app.store.write(withdraw).await {
        Ok(_) => {
            person.notice(text!("Taken back. Nothing was done."));
            Ok(page::see_other("/approvals?show=mine"))
        }
        Err(Error::Conflict(why)) => {
            page::conflict(&show::fill(&person, &app, id, FieldErrors::one("reason", why)).await?)
        }
        Err(error) => Err(error.into()),
    }
}
