//! `/applications/{client_id}/owners`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::application_owners as acts;
use crate::console::administrators::role_title;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::application::Application;
use crate::model::role::Right;
use crate::model::team::Team;
use crate::store::{Conn, Error, administrators, application_owners, applications, teams};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/owners.html")]
struct Owners {
    chrome: Chrome,
    errors: FieldErrors,
    application: Application,
    people: Vec<Choice>,
    /// With whether they own it.
    teams: Vec<(Team, bool)>,
}

struct Choice {
    person: Administrator,
    role: &'static str,
    is_owner: bool,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    page::html(&fill(&person, &app, client_id.into_inner(), FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let chosen = |wanted: &str| {
        let of = form.iter().filter(|(name, _)| name == wanted);
        of.map(|(_, id)| id.clone()).collect()
    };
    let owners = acts::Owners { people: chosen("owner"), teams: chosen("team") };
    let (actor, client_id) = (person.actor.clone(), client_id.into_inner());
    let of = client_id.clone();
    match app.store.write(move |conn: &mut Conn| acts::replace(conn, &actor, &of, owners)).await {
        Ok(()) => {
            person.notice(text!("Who owns it is saved."));
            Ok(page::see_other(&format!("/applications/{client_id}")))
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, &app, client_id, errors).await?)
        }
    }
}

async fn fill(
    person: &SignedIn,
    app: &App,
    client_id: String,
    errors: FieldErrors,
) -> Result<Owners, Failure> {
    let read = app.pages.read(move |conn| {
        let Some(application) = applications::find(conn, &client_id)? else { return Ok(None) };
        let owners = application_owners::of_application(conn, &client_id)?;
        let owning = teams::of_application(conn, &client_id)?;
        let of = |team: Team| {
            let owns = owning.iter().any(|known| known.id == team.id);
            (team, owns)
        };
        let teams = teams::all(conn)?.into_iter().map(of).collect();
        Ok::<_, Error>(Some((application, owners, administrators::all(conn)?, teams)))
    });
    let (application, owners, all, teams) = read.await?.ok_or(Failure::NotFound)?;
    let choice = |person: Administrator| Choice {
        role: role_title(person.role),
        is_owner: owners.contains(&person.id),
        person,
    };
    Ok(Owners {
        chrome: person.chrome("/applications"),
        errors,
        application,
        teams,
        people: all.into_iter().map(choice).collect(),
    })
}
