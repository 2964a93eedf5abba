//! `/apis/{id}/scopes/{scope}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::resources;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::impact::Impact;
use crate::console::page;
use crate::console::resources::show::{self, Callers, NAMED};
use crate::console::signed_in::SignedIn;
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::store::{Conn, Error, grants, scopes};
use crate::text;
use crate::texts::filters;
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/resources/scopes/deletion.html")]
struct Deletion {
    chrome: Chrome,
    resource: Resource,
    scope: String,
    /// How many grants hold it because they hold every scope.
    held_by_all: i64,
    /// Client id and name of those whose grant names it.
    holders: Callers<(String, String)>,
    impact: Impact,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, scope) = path.into_inner();
    let resource = show::find(&app, id).await?;
    let chrome = person.chrome("/apis");
    let now = person.now();
    let load = move |conn: &mut Conn| {
        let impact = Impact::of_api(conn, &resource.identifier, &scope, now)?;
        read(conn, chrome, (resource, scope), impact)
    };
    page::html(&app.pages.read(load).await?.ok_or(Failure::NotFound)?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, scope) = path.into_inner();
    let (actor, target, name) = (person.actor.clone(), id.clone(), scope.clone());
    let remove = move |conn: &mut Conn| resources::remove_scope(conn, &actor, &target, &name);
    let settled = act_or_ask(&app.into_inner(), &person.actor, remove).await?;
    if let Settled::Asked(request) = settled {
        return Ok(person.asked(&request));
    }
    person.notice(text!("Scope {scope} is removed.", scope));
    Ok(page::see_other(&format!("/apis/{id}#s-scopes")))
}

fn read(
    conn: &mut Conn,
    chrome: Chrome,
    (resource, scope): (Resource, String),
    impact: Impact,
) -> Result<Option<Deletion>, Error> {
    if !scopes::all(conn, &resource.id)?.iter().any(|known| known.name == scope) {
        return Ok(None);
    }
    let names = scopes::holders(conn, &resource.id)?;
    Ok(Some(Deletion {
        chrome,
        held_by_all: grants::count_all_scopes(conn, &resource.id)?,
        holders: Callers {
            named: grants::holders(conn, &resource.id, &scope, NAMED)?,
            count: names.iter().find(|(name, _)| *name == scope).map_or(0, |(_, count)| *count),
        },
        impact,
        resource,
        scope,
    }))
}
