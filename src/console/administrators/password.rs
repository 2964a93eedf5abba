//! `POST /people/{id}/password`: an owner gives somebody a new one.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::show;
use crate::admin::{self, administrators};
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::console::{page, profile};
use crate::model::role::Right;
use crate::web::App;

#[derive(Deserialize)]
pub struct Input {
    password: String,
}

/// One's own is changed with the old one, on `/profile`: a session alone must
/// not be enough to keep its owner out.
pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let app = app.into_inner();
    let found = super::find(&app, id.into_inner()).await?;
    if found.id == person.administrator.id {
        return Ok(page::see_other("/profile"));
    }
    let hash = match profile::password::hash(&app, &form.password).await? {
        Ok(hash) => hash,
        Err(error) => {
            return page::unprocessable(
                &show::fill(&person, &app, found, vec![error].into()).await?,
            );
        }
    };
    let (actor, id) = (person.actor.clone(), found.id.clone());
    let set =
        move |conn: &mut crate::store::Conn| administrators::set_password(conn, &actor, &id, &hash);
    app.act::<_, admin::Error, _>(set).await?;
    person.notice(format!(
        "{} has a new password. Hand it over, and have them change it at once.",
        found.name
    ));
    Ok(page::see_other(&format!("/people/{}", found.id)))
}
