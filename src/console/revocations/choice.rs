//! `/revocations/choice`: which tokens to revoke. What is typed here is sent in
//! a body, for it may be a token, and is neither shown again nor kept.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::new_href;
use crate::admin::{self, revocations};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::log::choices::{self, Choice};
use crate::console::log::query::event_id;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::oauth::revocation::Kind;
use crate::store::{Conn, Error, signing_keys};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/revocations/choice.html")]
struct Page {
    chrome: Chrome,
    errors: FieldErrors,
    /// `None`: too many to choose from.
    applications: Option<Vec<Choice>>,
    resources: Option<Vec<Choice>>,
    /// By their id.
    keys: Vec<(String, Text)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    kind: String,
    subject: String,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    page::html(&fill(&person, &app, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let Input { kind, subject } = form.into_inner();
    let subject = Zeroizing::new(subject);
    let kind = Kind::parse(&kind).ok_or(Failure::Malformed)?;
    match find(&person, &app, kind, subject.trim()).await? {
        Ok(subject) => Ok(page::see_other(&new_href(kind.as_str(), &subject))),
        Err(message) => {
            let errors = FieldErrors::one(kind.as_str(), message);
            page::unprocessable(&fill(&person, &app, errors).await?)
        }
    }
}

/// The subject as a URL may name it, or the sentence for the person.
async fn find(
    person: &SignedIn,
    app: &App,
    kind: Kind,
    text: &str,
) -> Result<Result<String, Text>, Failure> {
    if text.is_empty() && kind != Kind::Everything {
        return Ok(Err(wanted(kind)));
    }
    let id = match (kind, token_id(app, text)) {
        (Kind::Token, Ok(id)) => id,
        (Kind::Token, Err(message)) => return Ok(Err(Text::new(message))),
        _ => text.to_owned(),
    };
    let found = app
        .pages
        .read(move |conn: &mut Conn| match revocations::find(conn, kind, &id) {
            Ok(subject) => Ok(Some(subject)),
            Err(admin::Error::Store(error)) => Err(error),
            Err(_) => Ok(None),
        })
        .await?;
    let now = person.now();
    Ok(match found {
        None if kind == Kind::Token => Err(text!("The log knows no token of this ID.")),
        None => Err(missing(kind)),
        Some(found) if found.expires_at.is_some_and(|end| end <= now) => {
            Err(text!("This token has expired; nothing accepts it."))
        }
        Some(found) => Ok(found.text),
    })
}

/// The `jti` that was typed: as it is, as a request id, or in a token of ours.
fn token_id(app: &App, text: &str) -> Result<String, &'static str> {
    if let Some(id) = event_id(text) {
        return Ok(id.to_owned());
    }
    let token = text.strip_prefix("Bearer ").unwrap_or(text).trim();
    if !token.contains('.') {
        return Err(en("This is neither a token nor the ID of one."));
    }
    let verified = app.keys.verify(token);
    verified.map(|token| token.claims.jti.clone()).ok_or(en("No key of this server signed this."))
}

/// A key as it stands in the list.
fn described(key: &SigningKey) -> Text {
    let state = match key.state {
        State::Next => text!("next"),
        State::Current => text!("current"),
        State::Retired => text!("retired"),
        State::Removed => text!("removed"),
        State::Revoked => text!("revoked"),
    };
    let purpose = match key.purpose {
        Purpose::AccessTokens => text!("access tokens"),
        Purpose::TokenStatus => text!("token status"),
        Purpose::Checkpoints => text!("checkpoints"),
    };
    let (kid, algorithm) = (&key.kid, key.algorithm.to_string());
    text!("{kid} ({algorithm}, {state}, {purpose})", kid, algorithm, state, purpose)
}

/// What is said when nothing was typed.
fn wanted(kind: Kind) -> Text {
    match kind {
        Kind::Token => text!("Choose a token: its ID, or the token itself."),
        Kind::Application => text!("Choose an application."),
        Kind::Secret => text!("Choose a secret."),
        Kind::Resource => text!("Choose an API."),
        Kind::Key => text!("Choose a signing key."),
        Kind::Everything => text!("Choose everything."),
    }
}

/// What is said when there is none of it. Of `Everything` there always is.
fn missing(kind: Kind) -> Text {
    match kind {
        Kind::Token | Kind::Everything => text!("There is no such Token."),
        Kind::Application => text!("There is no such Application."),
        Kind::Secret => text!("There is no such Secret."),
        Kind::Resource => text!("There is no such API."),
        Kind::Key => text!("There is no such signing key."),
    }
}

async fn fill(person: &SignedIn, app: &App, errors: FieldErrors) -> Result<Page, Failure> {
    let read = |conn: &mut Conn| {
        let applications = choices::applications(conn, "")?;
        Ok::<_, Error>((applications, choices::resources(conn, "")?, signing_keys::all(conn)?))
    };
    let (applications, resources, mut keys) = app.pages.read(read).await?;
    keys.retain(|key| key.state.is_published());
    let chrome = person.chrome("/revocations");
    let keys = keys.iter().map(|key| (key.kid.clone(), described(key))).collect();
    Ok(Page { chrome, errors, applications, resources, keys })
}
