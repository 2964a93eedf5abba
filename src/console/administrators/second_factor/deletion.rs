//! `/people/{id}/second-factor/deletion`: for somebody who lost theirs.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::{self, factors};
use crate::console::administrators::find;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::role::Right;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/second_factor/deletion.html")]
struct Deletion {
    chrome: Chrome,
    found: Administrator,
    required: bool,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let found = find(&app, id.into_inner()).await?;
    let required = app.config.second_factor_required.contains(&found.role);
    page::html(&Deletion { chrome: person.chrome("/people"), found, required })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let found = find(&app, id.into_inner()).await?;
    if found.id == person.administrator.id {
        return Ok(page::see_other("/profile/authenticator/deletion"));
    }
    let (actor, id) = (person.actor.clone(), found.id.clone());
    let remove = move |conn: &mut crate::store::Conn| factors::remove(conn, &actor, &id);
    app.store.write::<_, admin::Error, _>(remove).await?;
    person.notice(text!(
        "The second factor of {name} is removed, and sessions ended.",
        name = found.name,
    ));
    Ok(page::see_other(&format!("/people/{}", found.id)))
}
