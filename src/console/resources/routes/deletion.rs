//! `/apis/{id}/routes/deletion?method=…&path=…`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, routes};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::resources::show;
use crate::console::signed_in::SignedIn;
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::model::route::Route;
use crate::store::{self, Conn};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/routes/deletion.html")]
struct Deletion {
    chrome: Chrome,
    resource: Resource,
    route: Route,
    /// How many others there are.
    others: usize,
}

/// Which route: what it says names it.
#[derive(Deserialize)]
pub struct Named {
    method: String,
    path: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    named: web::Query<Named>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let resource = show::find(&app, id.into_inner()).await?;
    let target = resource.id.clone();
    let mut table = app.pages.read(move |conn| store::routes::all(conn, &target)).await?;
    let is_named = |route: &Route| route.method == named.method && route.path == named.path;
    let place = table.iter().position(is_named).ok_or(Failure::NotFound)?;
    let route = table.swap_remove(place);
    let chrome = person.chrome("/apis");
    page::html(&Deletion { chrome, resource, route, others: table.len() })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    named: web::Form<Named>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, Named { method, path }) = (id.into_inner(), named.into_inner());
    let (actor, target, line) = (person.actor.clone(), id.clone(), format!("{method} {path}"));
    let remove = move |conn: &mut Conn| routes::remove(conn, &actor, &target, (&method, &path));
    app.into_inner().act::<_, admin::Error, _>(remove).await?;
    person.notice(text!("Route {route} is removed.", route = line));
    Ok(page::see_other(&format!("/apis/{id}/verification#s-routes")))
}
