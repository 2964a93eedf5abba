//! `POST /approvals/{id}/refusal`.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::show;
use crate::admin::{Error, approvals};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::store::Conn;
use crate::text;
use crate::web::App;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    reason: String,
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (id, why) = (id.into_inner(), form.into_inner().reason);
    let (actor, of) = (person.actor.clone(), id.clone());
    let refuse = move |conn: &mut Conn| approvals::refuse(conn, &actor, &of, &why);
    match app.store.write(refuse).await {
        Ok(_) => {
            person.notice(text!("Refused. Nothing was done."));
            Ok(page::see_other(&format!("/approvals/{id}")))
        }
        Err(Error::Conflict(why)) => {
            page::conflict(&show::fill(&person, &app, id, FieldErrors::one("reason", why)).await?)
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&show::fill(&person, &app, id, errors).await?)
        }
    }
}
