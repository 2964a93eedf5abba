//! `POST /session/openid` and the like: to the provider.
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::journey::Journey;
use crate::admin::{Actor, guard, identities};
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::{SignedIn, anonymous};
use crate::model::openid::{PATIENCE, Purpose, Refusal};
use crate::openid::Refused;
use crate::store::openid_flows::Flow;
use crate::texts::filters;
use crate::web::{App, peer};

/// A page of ours that leads on by itself. A redirect from a form would have to be
/// let through by `form-action`, wherever the provider sends people next.
#[derive(Template)]
#[template(path = "console/session/openid/departure.html")]
struct Departure {
    name: String,
    url: String,
}

#[derive(Deserialize)]
pub struct Input {
    next: Option<String>,
}

/// Who goes, what for, and where they go on afterwards.
pub struct Traveller<'a> {
    pub actor: &'a Actor,
    pub administrator_id: Option<String>,
    pub purpose: Purpose,
    pub next: String,
}

pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let actor = anonymous(&request, &app);
    let traveller = Traveller {
        actor: &actor,
        administrator_id: None,
        purpose: Purpose::SignIn,
        next: page::local(form.into_inner().next),
    };
    send(&request, &app, traveller).await
}

/// Who is signed in says again who they are.
pub async fn post_confirmation(
    person: SignedIn,
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let traveller = Traveller {
        actor: &person.actor,
        administrator_id: Some(person.administrator.id.clone()),
        purpose: Purpose::Confirmation,
        next: page::local(form.into_inner().next),
    };
    send(&request, &app, traveller).await
}

/// # Errors
/// * `NotFound`: there is no provider.
/// * `NotBelieved`, `ProviderAway`, `TooMany`: nobody goes anywhere. That is
///   recorded.
pub async fn send(
    request: &HttpRequest,
    app: &App,
    traveller: Traveller<'_>,
) -> Result<HttpResponse, Failure> {
    let provider = app.openid.clone().ok_or(Failure::NotFound)?;
    let actor = traveller.actor;
    let address = peer::address(request, &app.config.trusted_proxies);
    if let Some(wait) = app.openid_journeys.wait(&address) {
        return Err(Failure::TooMany { wait });
    }
    app.openid_journeys.failed(&address);
    let now = actor.now;
    let blocked = app.store.read(move |conn| guard::blocked(conn, address, now)).await?;
    if blocked.is_some() {
        let refused = (Refusal::AddressBlocked, String::new());
        return Err(refuse(app, actor, traveller.purpose, refused).await);
    }
    let journey = Journey::begin(request, &app.config, actor);
    let again = (traveller.purpose == Purpose::Confirmation).then_some(now);
    let (sent, state, asked) = (journey.sent(again), journey.state.clone(), provider.clone());
    let url = blocking(move || asked.authorization_url(state, &sent, now)).await?;
    let url = match url {
        Ok(url) => url,
        Err(refused) => return Err(refuse(app, actor, traveller.purpose, refused).await),
    };
    let flow = Flow {
        state_digest: journey.state_digest(),
        browser_digest: journey.browser_digest(),
        purpose: traveller.purpose,
        administrator_id: traveller.administrator_id,
        next: traveller.next,
        created_at: now,
        expires_at: now + PATIENCE,
    };
    app.store.write(move |conn| identities::send(conn, &flow)).await?;
    let name = provider.config().name.clone();
    let mut answer = page::html(&Departure { name, url: url.to_string() })?;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let kept = answer.add_cookie(&journey.cookie(&app.config));
    kept.map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(answer)
}

/// Records why, counts it, and says what the person is told.
pub async fn refuse(app: &App, actor: &Actor, purpose: Purpose, (why, detail): Refused) -> Failure {
    app.metrics.sign_in(why.as_str());
    let event = identities::refusal(actor, purpose, why, &detail);
    if let Err(error) = app.recorder.record(event).await {
        return error.into();
    }
    match why {
        Refusal::Unavailable => Failure::ProviderAway,
        _ => Failure::NotBelieved,
    }
}

/// The provider is asked on a thread that may wait.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::Broken(error.to_string()))
}

/// Whether this person can come back from the provider as themselves.
pub async fn is_offered(app: &App, administrator_id: &str) -> Result<Option<String>, Failure> {
    let Some(provider) = &app.openid else { return Ok(None) };
    let (id, issuer) = (administrator_id.to_owned(), provider.config().issuer.clone());
    let found = app.store.read(move |conn| crate::store::identities::of(conn, &id)).await?;
    let known = found.iter().any(|identity| identity.issuer == issuer);
    Ok(known.then(|| provider.config().name.clone()))
}
