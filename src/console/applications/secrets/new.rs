//! `/applications/{client_id}/secrets/new`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

pub use super::reveal::Revealed;
use crate::admin::{self, secrets};
use crate::console::applications::show::{self, Loaded};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::secret::{NewSecret, State};
use crate::store::Conn;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/secrets/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    loaded: Loaded,
    /// The names of those that work beside it.
    others: Vec<String>,
    input: Input,
}

/// The fields as they were typed.
#[derive(Deserialize)]
pub struct Input {
    name: String,
    expires_in_days: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let loaded = show::load(&app, client_id.into_inner()).await?;
    let input = Input { name: String::new(), expires_in_days: "180".to_owned() };
    page::html(&fill(&person, loaded, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (app, client_id, input) = (app.into_inner(), client_id.into_inner(), form.into_inner());
    let loaded = show::load(&app, client_id.clone()).await?;
    let new = match NewSecret::read(&input.name, &input.expires_in_days) {
        Ok(new) => new,
        Err(errors) => return page::unprocessable(&fill(&person, loaded, input, errors.into())),
    };
    let actor = person.actor.clone();
    let add = move |conn: &mut Conn| {
        let made = secrets::add(conn, &actor, &client_id, &new)?;
        Revealed::read(conn, made)
    };
    match app.act(add).await {
        Ok(revealed) => revealed.page(&person, &app),
        Err(admin::Error::Conflict(why)) => {
            page::unprocessable(&fill(&person, loaded, input, FieldErrors::one("name", why)))
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, loaded, input, errors))
        }
    }
}

fn fill(person: &SignedIn, loaded: Loaded, input: Input, errors: FieldErrors) -> New {
    let now = person.now();
    let working = loaded.secrets.iter().filter(|secret| secret.state(now) == State::Active);
    let others = working.map(|secret| secret.name.clone()).collect();
    New { chrome: person.chrome("/applications"), errors, loaded, others, input }
}
