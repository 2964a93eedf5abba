//! `/people/teams/new`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::teams;
use crate::console::administrators::role_title;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::role::Right;
use crate::store::{Conn, administrators};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/teams/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    name: String,
    people: Vec<Choice>,
}

/// Somebody who may be in the team.
pub(super) struct Choice {
    pub person: Administrator,
    pub role: &'static str,
    pub is_in: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    page::html(&fill(&person, &app, Input::default(), FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let input = Input::read(&form);
    let (actor, typed) = (person.actor.clone(), input.clone());
    let create = move |conn: &mut Conn| teams::create(conn, &actor, &typed.name, &typed.members);
    match app.store.write(create).await {
        Ok(made) => {
            person.notice(text!("{name} is made.", name = &made.name));
            Ok(page::see_other(&format!("/people/teams/{}", made.id)))
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, &app, input, errors).await?)
        }
    }
}

/// The fields as they were typed.
#[derive(Clone, Default)]
pub(super) struct Input {
    pub name: String,
    /// Ids of people.
    pub members: Vec<String>,
    pub version: i64,
}

impl Input {
    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let of = |wanted: &str| {
            let of = fields.iter().filter(|(name, _)| name == wanted);
            of.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        Self {
            name: of("name").into_iter().next().unwrap_or_default(),
            members: of("member"),
            version: of("version").first().and_then(|text| text.parse().ok()).unwrap_or_default(),
        }
    }
}

/// Everybody, with who is chosen.
pub(super) fn choices(all: Vec<Administrator>, chosen: &[String]) -> Vec<Choice> {
    let choice = |person: Administrator| Choice {
        role: role_title(person.role),
        is_in: chosen.contains(&person.id),
        person,
    };
    all.into_iter().map(choice).collect()
}

async fn fill(
    person: &SignedIn,
    app: &App,
    input: Input,
    errors: FieldErrors,
) -> Result<New, Failure> {
    let all = app.pages.read(administrators::all).await?;
    let people = choices(all, &input.members);
    Ok(New { chrome: person.chrome("/people"), errors, name: input.name, people })
}
