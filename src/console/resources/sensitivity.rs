//! `/apis/{id}/sensitivity`: what is granted at an API by two persons only.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::{Error as ActError, resources as acts};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::approval::Request;
use crate::model::mark::Marks;
use crate::model::resource::{Resource, Scope};
use crate::model::role::Right;
use crate::store::{Conn, Error, resources, scopes};
use crate::text;
use crate::texts::filters;
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/resources/sensitivity.html")]
struct Sensitivity {
    chrome: Chrome,
    errors: FieldErrors,
    resource: Resource,
    scopes: Vec<Scope>,
    marks: Marks,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    page::html(&fill(&person, &app, id.into_inner(), FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, id) = (app.into_inner(), id.into_inner());
    let now = fill(&person, &app, id.clone(), FieldErrors::default()).await?;
    let of = |name: &str| -> Vec<String> {
        form.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    };
    let wanted = Marks { resource: of("api").contains(&id), scopes: of("scope") };
    let mut asked: Option<Box<Request>> = None;
    let mut changed = false;
    for (scope, sensitive) in now.differences(&wanted) {
        let (by, of, name) = (person.actor.clone(), id.clone(), scope);
        let mark = move |conn: &mut Conn| acts::mark(conn, &by, &of, name.as_deref(), sensitive);
        match act_or_ask(&app, &person.actor, mark).await {
            Ok(Settled::Done(())) => changed = true,
            Ok(Settled::Asked(request)) => asked = Some(request),
            Err(ActError::Conflict(why)) => {
                let errors = FieldErrors::one("marks", why);
                return page::conflict(&fill(&person, &app, id, errors).await?);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(request) = asked {
        return Ok(person.asked(&request));
    }
    person.notice(if changed {
        text!("What is sensitive is saved.")
    } else {
        text!("Nothing was changed.")
    });
    Ok(page::see_other(&format!("/apis/{id}#s-scopes")))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    errors: FieldErrors,
) -> Result<Sensitivity, Failure> {
    let read = app.pages.read(move |conn| {
        let Some(resource) = resources::find(conn, &id)? else { return Ok(None) };
        let marks = marks(conn, &resource)?;
        Ok::<_, Error>(Some((scopes::all(conn, &id)?, marks, resource)))
    });
    let (scopes, marks, resource) = read.await?.ok_or(Failure::NotFound)?;
    Ok(Sensitivity { chrome: person.chrome("/apis"), errors, resource, scopes, marks })
}

/// What is marked at an API.
pub(super) fn marks(conn: &mut Conn, resource: &Resource) -> Result<Marks, Error> {
    let marked = scopes::sensitive(conn, std::slice::from_ref(&resource.id))?;
    let scopes = marked.into_iter().map(|(_, scope)| scope).collect();
    Ok(Marks { resource: resource.sensitive, scopes })
}

impl Sensitivity {
    /// What is to be marked, or to lose its mark: a scope, or the API.
    fn differences(&self, wanted: &Marks) -> Vec<(Option<String>, bool)> {
        let mut all = Vec::new();
        if wanted.resource != self.marks.resource {
            all.push((None, wanted.resource));
        }
        for scope in &self.scopes {
            let (is, is_to_be) =
                (self.marks.scopes.contains(&scope.name), wanted.scopes.contains(&scope.name));
            if is != is_to_be {
                all.push((Some(scope.name.clone()), is_to_be));
            }
        }
        all
    }
}
