//! `/invitation`.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, links};
use crate::console::administrators::role_word;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::anonymous;
use crate::console::{page, profile};
use crate::model::administrator::Invitation;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/invitation/new.html")]
struct New {
    errors: FieldErrors,
    token: String,
    invitation: Invitation,
}

#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub struct Input {
    token: String,
    password: String,
}

impl New {
    fn role(&self) -> &'static str {
        role_word(self.invitation.details.role)
    }
}

pub async fn get(app: web::Data<App>, link: web::Query<Link>) -> Result<HttpResponse, Failure> {
    let token = link.into_inner().token;
    let invitation = find(&app, &token).await?;
    page::secret(&New { errors: FieldErrors::default(), token, invitation })
}

/// Makes the person, and leads to the sign-in: what it asks besides a password
/// is asked there.
pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (form, app) = (form.into_inner(), app.into_inner());
    let actor = anonymous(&request, &app);
    // Asked first: only who holds the link may make the server hash.
    let invitation = find(&app, &form.token).await?;
    let again = |errors: FieldErrors, invitation| {
        page::unprocessable(&New { errors, token: form.token.clone(), invitation })
    };
    let about = [invitation.details.email.as_str(), invitation.details.name.as_str()];
    let hash = match profile::password::hash(&app, &form.password, &about).await? {
        Ok(hash) => hash,
        Err(error) => return again(vec![error].into(), invitation),
    };
    let token = form.token.clone();
    match app.act(move |conn| links::accept(conn, &actor, &token, &hash)).await {
        Ok(_) => Ok(page::see_other("/sign-in")),
        Err(admin::Error::NotFound) => Err(spent()),
        Err(error) => Err(error.into()),
    }
}

async fn find(app: &App, token: &str) -> Result<Invitation, Failure> {
    let (token, now) = (token.to_owned(), app.clock.now());
    let found = app.pages.read(move |conn| links::invitation(conn, &token, now)).await?;
    found.ok_or_else(spent)
}

fn spent() -> Failure {
    Failure::Conflict(
        en("This invitation is spent, too old, or was taken back. Ask an owner for another.")
            .to_owned(),
    )
}
