//! `POST /apis/{id}/scopes`.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::admin::resources;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::resources::show;
use crate::console::signed_in::SignedIn;
use crate::model::resource::Scope;
use crate::model::role::Right;
use crate::text;
use crate::web::App;

/// The fields as they were typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    pub scope: String,
    pub description: String,
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, input, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let errors = match Scope::read(&input.scope, &input.description) {
        Err(message) => FieldErrors::one("scope", message),
        Ok(scope) => {
            let (actor, target, name) = (person.actor.clone(), id.clone(), scope.name.clone());
            let add = move |conn: &mut crate::store::Conn| {
                resources::add_scope(conn, &actor, &target, &scope)
            };
            match app.act(add).await {
                Ok(()) => {
                    person.notice(text!("Scope {scope} is added.", scope = name));
                    return Ok(page::see_other(&format!("/apis/{id}#s-scopes")));
                }
                Err(error) => FieldErrors::from_act(error)?,
            }
        }
    };
    page::unprocessable(&show::fill(&person, &app, id, input, errors).await?)
}
