//! `/people/new`: inviting somebody.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::link::{self, Words};
use crate::admin::links;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::AdministratorDetails;
use crate::model::role::{Right, Role};
use crate::oauth::time::Seconds;
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    input: Input,
}

/// The fields as they were typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    name: String,
    email: String,
    role: String,
    /// Seconds.
    lifetime: i64,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let lifetime = Seconds::DAY.0;
    let input = Input { role: Role::Auditor.to_string(), lifetime, ..Input::default() };
    page::html(&New { chrome: person.chrome("/people"), errors: FieldErrors::default(), input })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let input = form.into_inner();
    let again = |input, errors| {
        page::unprocessable(&New { chrome: person.chrome("/people"), errors, input })
    };
    let details = match AdministratorDetails::read(&input.email, &input.name, &input.role) {
        Ok(details) => details,
        Err(errors) => return again(input, errors.into()),
    };
    let (actor, lifetime) = (person.actor.clone(), Seconds(input.lifetime));
    let invite =
        move |conn: &mut crate::store::Conn| links::invite(conn, &actor, details, lifetime);
    match app.store.write(invite).await {
        Ok((invitation, token)) => {
            let path = format!("/invitation?token={}", *token);
            let words = Words {
                title: text!("{name} is invited", name = &invitation.details.name),
                about: en(
                    "With this link they choose a password, and sign in with it from then on.",
                ),
                back: "/people",
            };
            let url = Zeroizing::new(app.config.console_url(&path));
            link::show(&person, &words, &url, invitation.expires_at)
        }
        Err(error) => again(input, FieldErrors::from_act(error)?),
    }
}

impl New {
    fn roles(&self) -> super::Roles {
        super::roles(&self.input.role)
    }

    /// Seconds, words, whether chosen.
    fn lifetimes(&self) -> [(i64, Text, bool); 3] {
        links::INVITATION_LIFETIMES.map(|lifetime| {
            let words = match lifetime.0 / Seconds::DAY.0 {
                1 => text!("A day"),
                days => text!(days => "{n} day", "{n} days"),
            };
            (lifetime.0, words, lifetime.0 == self.input.lifetime)
        })
    }
}
