//! `/applications/{client_id}/access/restoration`: what it held before a moment,
//! granted again.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::access;
use super::choice::{self, Chosen};
use crate::admin::Error as ActError;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::line::{self, scopes_text};
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::grant::{Access, Grant};
use crate::model::history::holdings;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::store::{self, Conn, Error, applications, grants, resources, scopes};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/applications/restoration.html")]
struct Restoration {
    chrome: Chrome,
    application: Application,
    before: i64,
    moment: Moment,
    lines: Vec<Line>,
    version: String,
}

/// An API at which it held something else than now.
struct Line {
    name: String,
    class: &'static str,
    /// Empty: nothing.
    now: Text,
    then: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Microseconds since 1970.
    before: i64,
    version: String,
}

/// What it held, as far as it can be held again, and what it holds.
struct Loaded {
    application: Application,
    then: Chosen,
    held: Vec<Grant>,
    names: Vec<(String, String, String)>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (client_id, before) = (client_id.into_inner(), query.before);
    let read = move |conn: &mut Conn| load(conn, &client_id, before);
    let loaded = app.pages.read(read).await?.ok_or(Failure::NotFound)?;
    let now = choice::held(&loaded.held);
    let told = |access: Option<&Access>| match access {
        None => Text::default(),
        Some(Access::Scopes(names)) if names.is_empty() => text!("no scope"),
        Some(access) => scopes_text(access),
    };
    let differs = |(id, ..): &&(String, String, String)| now.get(id) != loaded.then.get(id);
    let line = |(id, identifier, name): &(String, String, String)| Line {
        name: name.clone(),
        class: line::class(identifier),
        now: told(now.get(id)),
        then: told(loaded.then.get(id)),
    };
    page::html(&Restoration {
        chrome: person.chrome("/applications"),
        lines: loaded.names.iter().filter(differs).map(line).collect(),
        version: choice::version(&now),
        application: loaded.application,
        before,
        moment: Moment::new(UnixTime(before), person.now()),
    })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Query>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (actor, id, form) = (person.actor.clone(), client_id.into_inner(), form.into_inner());
    let back = format!("/applications/{id}");
    let restore = move |conn: &mut Conn| {
        let loaded = load(conn, &id, form.before)?.ok_or(ActError::NotFound)?;
        access::save(conn, &actor, &id, &form.version, &loaded.then)
    };
    let settled = act_or_ask(&app.into_inner(), &person.actor, restore).await?;
    if let Settled::Asked(request) = settled {
        return Ok(person.asked(&request));
    }
    person.notice(text!("It holds again what it held."));
    Ok(page::see_other(&back))
}

fn load(conn: &mut Conn, client_id: &str, before: i64) -> Result<Option<Loaded>, Error> {
    let Some(application) = applications::find(conn, client_id)? else { return Ok(None) };
    let at = UnixTime(before.saturating_sub(1));
    let ids = [client_id.to_owned()];
    let spans = store::holdings::grants_at(conn, &ids, None, at)?;
    let past = holdings(&spans, &[], at);
    let held = grants::all(conn, client_id)?;
    let mut resource_ids: Vec<String> = past.iter().map(|held| held.resource_id.clone()).collect();
    resource_ids.extend(held.iter().map(|grant| grant.resource_id.clone()));
    resource_ids.sort_unstable();
    resource_ids.dedup();
    let living = resources::of_ids(conn, &resource_ids)?;
    let offered = scopes::of_resources(conn, &resource_ids)?;
    let mut then = Chosen::new();
    for held in past {
        // What is gone cannot be granted again.
        if !living.iter().any(|resource| resource.id == held.resource_id) {
            continue;
        }
        let is_there = |name: &String| {
            offered.iter().any(|(id, scope)| *id == held.resource_id && scope.name == *name)
        };
        let access = if held.all {
            Access::All
        } else {
            Access::Scopes(held.scopes.iter().filter(|name| is_there(name)).cloned().collect())
        };
        then.insert(held.resource_id, access);
    }
    let names = living.into_iter().map(|r| (r.id, r.identifier, r.name)).collect();
    Ok(Some(Loaded { application, then, held, names }))
}
