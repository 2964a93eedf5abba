//! `/tester`: what an application would get, and whether a secret works.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::trial::{Asked, Decided, Verdict, decide};
use crate::console::chrome::Chrome;
use crate::console::duration;
use crate::console::failure::Failure;
use crate::console::log::choices::{self, Choice};
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::oauth::client::Client;
use crate::oauth::client_secret::{self, Digest};
use crate::oauth::error::Code;
use crate::oauth::reason::Reason;
use crate::oauth::{Error, UnixTime};
use crate::store::{self, Conn, applications, secrets};
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/tester/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    input: Input,
    choices: Choices,
    /// Whom it was tried for; `None` when there is no such application.
    application: Option<Application>,
    verdict: Option<Verdict>,
    /// It is in no position to ask, whatever it may have.
    has_no_secret: bool,
}

/// The fields as they were typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    application: String,
    api: String,
    scope: String,
}

/// The same with a secret.
#[derive(Deserialize)]
pub struct Form {
    #[serde(flatten)]
    input: Input,
    #[serde(default)]
    client_secret: String,
}

#[derive(Default)]
struct Choices {
    applications: Option<Vec<Choice>>,
    resources: Option<Vec<Choice>>,
}

/// Tries what the query names: a dry run changes nothing, so its URL can be
/// shared.
pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    input: web::Query<Input>,
) -> Result<HttpResponse, Failure> {
    page::html(&answer(&person, &app, input.into_inner(), None).await?)
}

/// Nothing may keep the answer: it says something of a secret.
pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Form>,
) -> Result<HttpResponse, Failure> {
    let form = form.into_inner();
    let typed = Zeroizing::new(form.client_secret);
    let secret = Some(typed.trim()).filter(|text| !text.is_empty());
    let secret = secret.map(|text| Zeroizing::new(text.to_owned()));
    page::secret(&answer(&person, &app, form.input, secret).await?)
}

async fn answer(
    person: &SignedIn,
    app: &web::Data<App>,
    input: Input,
    secret: Option<Zeroizing<String>>,
) -> Result<Show, Failure> {
    let input = tidy(&input);
    let wanted = input.clone();
    let (choices, application) = app.pages.read(move |conn| prepare(conn, &wanted)).await?;
    let mut show = Show {
        chrome: person.chrome("/tester"),
        manages: person.manages(),
        choices,
        application,
        verdict: None,
        has_no_secret: false,
        input,
    };
    if show.input.application.is_empty() {
        return Ok(show);
    }
    let client_id = match &show.application {
        Some(application) => application.client_id.clone(),
        None => show.input.application.clone(),
    };
    let client = app.directory.find(&client_id).await?;
    let now = person.now();
    show.has_no_secret = secret.is_none() && client.as_ref().is_some_and(|c| has_none(c, now));
    let digest = secret.as_ref().filter(|text| client_secret::is_well_formed(text));
    let digest = digest.map(|text| Digest::of(text));
    let Input { api, scope, .. } = show.input.clone();
    let mut decided = decide(client.as_deref(), Asked { client_id, api, scope, secret, now });
    let can_sign = decided.issuance().is_none_or(|issued| app.keys.can_sign(issued.algorithm));
    if !can_sign {
        let why = "try again in a moment";
        decided.refuse(Error::new(Code::TemporarilyUnavailable, Reason::Overloaded, why));
    }
    let issuer = app.config.issuer.url.clone();
    let verdict = app.pages.read(move |conn| tell(conn, decided, digest, &issuer)).await?;
    show.verdict = Some(verdict);
    Ok(show)
}

/// Without spaces around values; scopes with one space between them, as a
/// form of several lines may have them otherwise.
fn tidy(input: &Input) -> Input {
    Input {
        application: input.application.trim().to_owned(),
        api: input.api.split_whitespace().collect::<Vec<_>>().join(" "),
        scope: input.scope.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// What the form offers, and the application that was named by its client id
/// or its name.
fn prepare(conn: &mut Conn, input: &Input) -> Result<(Choices, Option<Application>), store::Error> {
    let mut application = applications::find(conn, &input.application)?;
    if application.is_none() && !input.application.is_empty() {
        let alike = applications::named(conn, &input.application, 2)?;
        let is_it = |found: &Application| found.details.name == input.application;
        application = alike.into_iter().find(is_it);
    }
    let chosen = application.as_ref().map_or(input.application.as_str(), |a| a.client_id.as_str());
    let choices = Choices {
        applications: choices::applications(conn, chosen)?,
        resources: choices::resources(conn, &input.api)?,
    };
    Ok((choices, application))
}

/// A secret that is none of the application may be one of an application that
/// was deleted.
fn tell(
    conn: &mut Conn,
    mut decided: Decided,
    digest: Option<Digest>,
    issuer: &str,
) -> Result<Verdict, store::Error> {
    if let (true, Some(digest)) = (decided.has_strange_secret(), digest) {
        let deleted = secrets::find_deleted(conn, decided.client_id(), &digest)?;
        if let Some(id) = deleted {
            decided.refuse(Error::unauthenticated(Reason::ClientDeleted).presenting(id));
        }
    }
    decided.verdict(conn, issuer)
}

fn has_none(client: &Client, now: UnixTime) -> bool {
    let works = |end: Option<UnixTime>| end.is_none_or(|end| end > now);
    !client.secrets.iter().any(|secret| !secret.revoked && works(secret.expires_at))
}

impl Show {
    /// The name of the application, or what was typed for it.
    fn who(&self) -> &str {
        let name = self.application.as_ref().map(|found| found.details.name.as_str());
        name.unwrap_or(&self.input.application)
    }

    /// The application as the form names it.
    fn chosen(&self) -> &str {
        let id = self.application.as_ref().map(|found| found.client_id.as_str());
        id.unwrap_or(&self.input.application)
    }

    fn lifetime(verdict: &Verdict) -> Text {
        duration::text(crate::oauth::time::Seconds(verdict.lifetime_seconds))
    }
}
