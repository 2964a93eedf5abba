//! `/apis/{id}/limit`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::limits;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::limit::{self, Input, Shown};
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::oauth::limit::Subject;
use crate::store::Conn;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/limit.html")]
struct Page {
    chrome: Chrome,
    errors: FieldErrors,
    resource: Resource,
    limit: Shown,
    action: String,
    back: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    page::html(&fill(&person, &app, id.into_inner(), None, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, input, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let limit = match input.read() {
        Ok(limit) => limit,
        Err(errors) => {
            return page::unprocessable(&fill(&person, &app, id, Some(input), errors).await?);
        }
    };
    let (actor, of) = (person.actor.clone(), id.clone());
    app.act(move |conn: &mut Conn| limits::set_for_resource(conn, &actor, &of, limit.as_ref()))
        .await?;
    person.notice(text!("The limit is saved."));
    Ok(page::see_other(&format!("/apis/{id}/limit")))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    typed: Option<Input>,
    errors: FieldErrors,
) -> Result<Page, Failure> {
    let resource = super::show::find(app, id).await?;
    let (subject, now) = (Subject::Resource(resource.identifier.clone()), app.clock.now());
    let limit = app.pages.read(move |conn| limit::load(conn, &subject, typed, now)).await?;
    let back = format!("/apis/{}", resource.id);
    let action = format!("{back}/limit");
    Ok(Page { chrome: person.chrome("/apis"), errors, resource, limit, action, back })
}
