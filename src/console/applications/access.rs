//! `/applications/{client_id}/access`: what it may ask for, over all APIs.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::choice::{self, Chosen, Offer};
use super::show;
use crate::admin::{Actor, Error, grants};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::role::Right;
use crate::store::{self, Conn};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/access.html")]
struct AccessEditor {
    chrome: Chrome,
    errors: FieldErrors,
    application: Application,
    offers: Vec<Offer>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let loaded = show::load(&app, client_id.into_inner()).await?;
    let held: Vec<_> = loaded.access.into_iter().map(|line| line.grant).collect();
    let chosen = choice::held(&held);
    let page = fill(&person, &app, loaded.application, &chosen, FieldErrors::default()).await?;
    page::html(&page)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, client_id) = (app.into_inner(), client_id.into_inner());
    let application = show::load(&app, client_id.clone()).await?.application;
    let chosen = choice::chosen(&form);
    let (actor, id, wanted) = (person.actor.clone(), client_id.clone(), chosen.clone());
    match app.act(move |conn| save(conn, &actor, &id, &wanted)).await {
        Ok(0) => person.notice("Nothing was changed."),
        Ok(_) => person.notice("Access is saved."),
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            let page = fill(&person, &app, application, &chosen, errors).await?;
            return page::unprocessable(&page);
        }
    }
    Ok(page::see_other(&format!("/applications/{client_id}")))
}

/// Makes what is held what is wanted, one act for each API that differs.
/// Returns how many.
fn save(conn: &mut Conn, actor: &Actor, client_id: &str, wanted: &Chosen) -> Result<usize, Error> {
    let held = choice::held(&store::grants::all(conn, client_id)?);
    let mut acts = 0;
    for (resource, access) in wanted {
        if held.get(resource) != Some(access) {
            grants::set(conn, actor, client_id, resource, access)?;
            acts += 1;
        }
    }
    for resource in held.keys().filter(|resource| !wanted.contains_key(*resource)) {
        grants::remove(conn, actor, client_id, resource)?;
        acts += 1;
    }
    Ok(acts)
}

async fn fill(
    person: &SignedIn,
    app: &App,
    application: Application,
    chosen: &Chosen,
    errors: FieldErrors,
) -> Result<AccessEditor, Failure> {
    let mut offers = app.store.read(choice::offers).await?;
    choice::tick(&mut offers, chosen);
    Ok(AccessEditor { chrome: person.chrome("/applications"), errors, application, offers })
}
