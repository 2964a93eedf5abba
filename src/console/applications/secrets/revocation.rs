//! `/applications/{client_id}/secrets/{secret_id}/revocation`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin;
use crate::admin::secrets::{self, Tokens};
use crate::console::applications::show;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::impact::Impact;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::role::Right;
use crate::model::secret::{Secret, State};
use crate::oauth::revocation::Kind;
use crate::store::revocations;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/secrets/revocation.html")]
struct Revocation {
    chrome: Chrome,
    application: Application,
    secret: Secret,
    last_used: Option<Moment>,
    /// The names of those that go on working.
    others: Vec<String>,
    impact: Impact,
}

#[derive(Deserialize)]
pub struct Input {
    /// Present: its tokens too.
    tokens: Option<String>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (client_id, id) = path.into_inner();
    let loaded = show::load(&app, client_id).await?;
    let now = person.now();
    let works = |secret: &&Secret| secret.id != id && secret.state(now) == State::Active;
    let others = loaded.secrets.iter().filter(works).map(|secret| secret.name.clone()).collect();
    let found = loaded.secrets.into_iter().find(|secret| secret.id == id);
    let secret = found.ok_or(Failure::NotFound)?;
    let of = (secret.client_id.clone(), secret.id.clone());
    let impact = app.pages.read(move |conn| Impact::of_application(conn, &of.0, Some(&of.1), now));
    page::html(&Revocation {
        impact: impact.await?,
        chrome: person.chrome("/applications"),
        application: loaded.application,
        last_used: secret.last_used_at.map(|at| Moment::new(at, now)),
        secret,
        others,
    })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (actor, (client_id, id)) = (person.actor.clone(), path.into_inner());
    let tokens = if form.tokens.is_some() { Tokens::Revoke } else { Tokens::Keep };
    let back = format!("/applications/{client_id}");
    let made = app
        .into_inner()
        .act::<_, admin::Error, _>(move |conn| {
            secrets::revoke(conn, &actor, &client_id, &id, tokens)?;
            Ok(revocations::find_by_subject(conn, Kind::Secret, &id)?)
        })
        .await?;
    match tokens {
        Tokens::Keep => person.notice(text!("The secret is revoked.")),
        Tokens::Revoke => {
            person.notice_of(text!("The secret and its tokens are revoked."), made.as_ref());
        }
    }
    Ok(page::see_other(&back))
}
