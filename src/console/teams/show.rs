//! `/people/teams/{id}`: who is in a team, and what it owns.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::new::{Choice, Input, choices};
use crate::admin::{self, teams as acts};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::team::Team;
use crate::store::{Conn, Error, administrators, teams};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

/// The most applications that the page names.
const NAMED: i64 = 200;

#[derive(Template)]
#[template(path = "console/teams/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    errors: FieldErrors,
    /// As it is stored now.
    team: Team,
    name: String,
    people: Vec<Choice>,
    applications: Vec<(String, String)>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, id.into_inner(), None, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, input) = (id.into_inner(), Input::read(&form));
    let (actor, of, typed) = (person.actor.clone(), id.clone(), input.clone());
    let update = move |conn: &mut Conn| {
        acts::update(conn, &actor, &of, typed.version, (&typed.name, &typed.members))
    };
    match app.store.write(update).await {
        Ok(()) => {
            person.notice(text!("{name} is saved.", name = input.name.trim()));
            Ok(page::see_other(&format!("/people/teams/{id}")))
        }
        Err(admin::Error::Conflict(why)) => {
            let errors = FieldErrors::one("name", Text::from(why).and(text!("Nothing was saved.")));
            page::conflict(&fill(&person, &app, id, Some(input), errors).await?)
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, &app, id, Some(input), errors).await?)
        }
    }
}

async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    typed: Option<Input>,
    errors: FieldErrors,
) -> Result<Show, Failure> {
    let read = move |conn: &mut Conn| {
        let Some(team) = teams::find(conn, &id)? else { return Ok(None) };
        let members = teams::members(conn, &id)?;
        let applications = teams::applications(conn, &id, NAMED)?;
        Ok::<_, Error>(Some((team, members, applications, administrators::all(conn)?)))
    };
    let found = app.pages.read(read).await?;
    let (team, members, applications, all) = found.ok_or(Failure::NotFound)?;
    let (name, chosen) = match typed {
        Some(input) => (input.name, input.members),
        None => (team.name.clone(), members),
    };
    Ok(Show {
        chrome: person.chrome("/people"),
        manages: person.manages(),
        errors,
        people: choices(all, &chosen),
        applications,
        name,
        team,
    })
}

impl Show {
    fn members(&self) -> Vec<&Choice> {
        self.people.iter().filter(|choice| choice.is_in).collect()
    }
}
