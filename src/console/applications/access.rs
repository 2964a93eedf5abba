//! `/applications/{client_id}/access`: what it may ask for, over all APIs.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::choice::{self, Chosen, Offers};
use super::show::{self, Line};
use crate::admin::{Actor, Error, grants};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::role::Right;
use crate::store::{self, Conn};
use crate::text;
use crate::texts::{en, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/applications/access.html")]
struct AccessEditor {
    chrome: Chrome,
    errors: FieldErrors,
    application: Application,
    offers: Offers,
    query: Query,
    /// The access that the form was made from.
    version: String,
    /// What it holds now, when somebody else changed it meanwhile.
    stored: Option<Vec<Line>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Part of the name of an API that is not among the first.
    q: String,
    /// The id of an API whose boxes come empty, for who wants to remove it.
    without: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (client_id, mut query) = (client_id.into_inner(), query.into_inner());
    query.q = query.q.trim().to_owned();
    let editor = fill(&person, &app, client_id, query, None).await?;
    page::html(&editor)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, client_id, query) = (app.into_inner(), client_id.into_inner(), Query::default());
    show::load(&app, client_id.clone()).await?;
    let version = form.iter().find(|(name, _)| name == "version");
    let version = version.map(|(_, value)| value.clone()).unwrap_or_default();
    let chosen = choice::chosen(&form);
    let (by, id, wanted) = (person.actor.clone(), client_id.clone(), chosen.clone());
    let save = move |conn: &mut Conn| save(conn, &by, &id, &version, &wanted);
    match act_or_ask(&app, &person.actor, save).await {
        Ok(Settled::Asked(request)) => return Ok(person.asked(&request)),
        Ok(Settled::Done(0)) => person.notice(text!("Nothing was changed.")),
        Ok(Settled::Done(_)) => person.notice(text!("Access is saved.")),
        Err(Error::Conflict(why)) => {
            let mut editor = fill(&person, &app, client_id.clone(), query, Some(chosen)).await?;
            editor.errors = FieldErrors::one("scopes", why);
            editor.stored = Some(show::load(&app, client_id).await?.access);
            return page::conflict(&editor);
        }
        Err(error) => {
            let errors = choice::errors(error)?;
            let editor = fill(&person, &app, client_id, query, Some(chosen)).await?;
            return page::unprocessable(&AccessEditor { errors, ..editor });
        }
    }
    Ok(page::see_other(&format!("/applications/{client_id}")))
}

/// Makes what is held what is wanted, one act for each API that differs.
/// Returns how many.
pub(super) fn save(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    version: &str,
    wanted: &Chosen,
) -> Result<usize, Error> {
    let held = choice::held(&store::grants::all(conn, client_id)?);
    if choice::version(&held) != version {
        return Err(Error::Conflict(
            en("Somebody changed its access after you opened it. Nothing was saved.").to_owned(),
        ));
    }
    grants::replace(conn, actor, client_id, wanted)
}

/// The form, ticked as it was `typed`, else as it is stored.
async fn fill(
    person: &SignedIn,
    app: &App,
    client_id: String,
    query: Query,
    typed: Option<Chosen>,
) -> Result<AccessEditor, Failure> {
    let loaded = show::load(app, client_id).await?;
    let held = choice::held(loaded.access.iter().map(|line| &line.grant));
    let version = choice::version(&held);
    let search = query.q.clone();
    let without = query.without.clone();
    let offers = move |conn: &mut Conn| {
        // What is held is shown, ticked or not: else it could not be kept.
        let mut shown: Vec<String> = held.keys().cloned().collect();
        shown.extend(typed.iter().flat_map(|typed| typed.keys().cloned()));
        let mut ticked = typed.unwrap_or(held);
        ticked.remove(&without);
        choice::offers(conn, &search, &shown, &ticked)
    };
    Ok(AccessEditor {
        offers: app.pages.read(offers).await?,
        chrome: person.chrome("/applications"),
        errors: FieldErrors::default(),
        application: loaded.application,
        query,
        version,
        stored: None,
    })
}

impl AccessEditor {
    /// The API that was emptied for its removal, if it is there.
    fn emptied(&self) -> Option<&str> {
        let found = self.offers.list.iter().find(|offer| offer.resource.id == self.query.without);
        found.map(|offer| offer.resource.name.as_str())
    }
}
