//! `/applications/{client_id}/secrets/{secret_id}/expiry`: when it stops
//! working.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::secrets;
use crate::console::applications::show::{self, Loaded};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::secret::{Secret, State, read_days};
use crate::oauth::UnixTime;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/secrets/expiry.html")]
struct Expiry {
    chrome: Chrome,
    errors: FieldErrors,
    loaded: Loaded,
    secret: Secret,
    input: Input,
    now: UnixTime,
}

/// The field as it was typed.
#[derive(Deserialize)]
pub struct Input {
    expires_in_days: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let input = Input { expires_in_days: "30".to_owned() };
    page::html(&fill(&person, &app, path.into_inner(), input, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (app, path, input) = (app.into_inner(), path.into_inner(), form.into_inner());
    let lifetime = match read_days(&input.expires_in_days) {
        Ok(lifetime) => lifetime,
        Err(why) => {
            let errors = FieldErrors::one("expires_in_days", why);
            return page::unprocessable(&fill(&person, &app, path, input, errors).await?);
        }
    };
    let (actor, back) =
        (person.actor.clone(), format!("/applications/{}/secrets/{}", path.0, path.1));
    app.act(move |conn| secrets::set_expiry(conn, &actor, (&path.0, &path.1), lifetime)).await?;
    person.notice(match lifetime {
        Some(_) => text!("The end of the secret is moved."),
        None => text!("The secret works until it is revoked."),
    });
    Ok(page::see_other(&back))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    (client_id, id): (String, String),
    input: Input,
    errors: FieldErrors,
) -> Result<Expiry, Failure> {
    let loaded = show::load(app, client_id).await?;
    let found = loaded.secrets.iter().find(|secret| secret.id == id).cloned();
    let secret = found.ok_or(Failure::NotFound)?;
    let (chrome, now) = (person.chrome("/applications"), person.now());
    Ok(Expiry { chrome, errors, loaded, secret, input, now })
}

impl Expiry {
    fn works(&self) -> bool {
        self.secret.state(self.now) == State::Active
    }

    fn end(&self) -> Option<Moment> {
        self.secret.expires_at.map(|end| Moment::new(end, self.now))
    }
}
