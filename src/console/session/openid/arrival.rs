//! `GET /session/openid/callback`: back from the provider.
use actix_session::{Session, SessionExt as _};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::departure::{blocking, refuse};
use super::journey::{self, Journey};
use crate::admin::identities::{self, Terms};
use crate::admin::{self, Actor, guard, sessions};
use crate::config::openid::OpenId;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::session::beginning::{self, Ahead};
use crate::console::signed_in::{SignedIn, anonymous};
use crate::model::administrator::Administrator;
use crate::model::audit_event::printable;
use crate::model::openid::{Claims, Purpose, Refusal};
use crate::model::password::NOBODY;
use crate::openid::Refused;
use crate::store::openid_flows::{self, Flow, Taken};
use crate::text;
use crate::web::session_store::CONFIRMED_AT;
use crate::web::{App, peer};

/// RFC 6749 §4.1.2, §4.1.2.1; RFC 9207 §2.
#[derive(Deserialize)]
pub struct Query {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

pub async fn get(
    request: HttpRequest,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let provider = app.openid.clone().ok_or(Failure::NotFound)?;
    let actor = anonymous(&request, &app);
    let query = query.into_inner();
    let (journey, flow) = match take(&request, &app, &actor, &query).await? {
        Ok(taken) => taken,
        Err(refused) => return Err(refuse(&app, &actor, Purpose::SignIn, refused).await),
    };
    let purpose = flow.purpose;
    // Who was signed in is asked for their session, and not sent to sign in with
    // what stands in this URL.
    let person = match purpose {
        Purpose::SignIn => None,
        Purpose::Confirmation | Purpose::Link => SignedIn::extract(&request).await.ok(),
    };
    let actor = person.as_ref().map_or(actor, |person| person.actor.clone());
    let (sent, now) = (journey.sent(again(&flow)), actor.now);
    let claims = blocking(move || {
        provider.check_issuer(query.iss.as_deref(), now)?;
        if let Some(error) = query.error {
            return Err((Refusal::ProviderRefused, printable(&error, 60)));
        }
        let code = query.code.ok_or((Refusal::BadAnswer, "no code".to_owned()))?;
        provider.claims(code, &sent, now)
    });
    let done = match claims.await? {
        Ok(claims) => match purpose {
            Purpose::SignIn => sign_in(&request, &app, &actor, (&flow, claims)).await?,
            Purpose::Confirmation | Purpose::Link => {
                own(&request, &app, person.as_ref(), (&flow, claims)).await?
            }
        },
        Err(refused) => Err(refused),
    };
    let mut answer = match done {
        Ok(answer) => answer,
        Err(refused) => return Err(refuse(&app, &actor, purpose, refused).await),
    };
    let kept = answer.add_cookie(&journey::forgotten(&app.config));
    kept.map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(answer)
}

/// After which time the provider has to have asked.
fn again(flow: &Flow) -> Option<crate::oauth::UnixTime> {
    (flow.purpose == Purpose::Confirmation).then_some(flow.created_at)
}

/// Uses the state up, if it is this browser's.
async fn take(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    query: &Query,
) -> Result<Result<(Journey, Flow), Refused>, Failure> {
    let refused = |why| Ok(Err((why, String::new())));
    let address = peer::address(request, &app.config.trusted_proxies);
    let now = actor.now;
    if app.store.read(move |conn| guard::blocked(conn, address, now)).await?.is_some() {
        return refused(Refusal::AddressBlocked);
    }
    let Some(state) = &query.state else { return refused(Refusal::UnknownState) };
    let Some(journey) = Journey::back(request, &app.config, state) else {
        return refused(Refusal::OtherBrowser);
    };
    let (state, browser) = (journey.state_digest(), journey.browser_digest());
    let taken =
        app.store.write(move |conn| openid_flows::take(conn, &state, &browser, now)).await?;
    match taken {
        Taken::Flow(flow) => Ok(Ok((journey, flow))),
        Taken::Others => refused(Refusal::OtherBrowser),
        Taken::Nothing => refused(Refusal::UnknownState),
    }
}

/// Gives whoever came back a session, or asks for the second factor.
async fn sign_in(
    request: &HttpRequest,
    app: &web::Data<App>,
    actor: &Actor,
    (flow, claims): (&Flow, Claims),
) -> Result<Result<HttpResponse, Refused>, Failure> {
    let provider = app.openid.as_ref().ok_or(Failure::NotFound)?;
    let config = provider.config().clone();
    let proved = claims.proved_by(&config.second_factor);
    let detail = printable(&claims.subject, 255);
    let visitor = actor.clone();
    let admitted = app
        .store
        .write::<_, admin::Error, _>(move |conn| {
            identities::admit(conn, &visitor, &claims, terms(&config, &claims))
        })
        .await?;
    let person = match admitted {
        Ok(person) => person,
        Err(refusal) => return Ok(Err((refusal, detail))),
    };
    let session = request.get_session();
    let ahead = if proved { Ahead::Nothing } else { Ahead::of(app, &person).await? };
    let answer = match ahead.path() {
        Some(path) => {
            app.metrics.sign_in("challenge");
            app.recorder.record(sessions::challenge(actor, &person)).await?;
            beginning::half(&session, actor, &person, &flow.next)?;
            page::see_other(path)
        }
        None => match begin(app, actor, &session, (&person, proved)).await? {
            Some(person) => {
                let mut answer = page::see_other(&flow.next);
                beginning::remember(&mut answer, app, actor, &person)?;
                answer
            }
            None => return Ok(Err((Refusal::Suspended, detail))),
        },
    };
    beginning::through_provider(&session)?;
    Ok(Ok(answer))
}

/// `None`: suspended meanwhile.
async fn begin(
    app: &App,
    actor: &Actor,
    session: &Session,
    (person, proved): (&Administrator, bool),
) -> Result<Option<Administrator>, Failure> {
    let (visitor, id) = (actor.clone(), person.id.clone());
    let begun = app.store.write(move |conn| sessions::begin(conn, &visitor, &id, sessions::OPENID));
    let person = match begun.await {
        Ok(person) => person,
        Err(admin::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    app.metrics.sign_in("success");
    beginning::begin(session, actor, &person, proved)?;
    Ok(Some(person))
}

fn terms<'a>(config: &OpenId, claims: &Claims) -> Terms<'a> {
    let mapped = config.roles.role(&claims.groups);
    Terms {
        // Without a claim, roles are given in the console once there is an account.
        role: config.role_claim.as_ref().map(|_| mapped),
        role_of_new: mapped,
        creates_with: config.creates_accounts.then_some(NOBODY),
        links_by_email: config.links_by_email,
    }
}

/// Somebody signed in came back: to confirm who they are, or to join the account.
async fn own(
    request: &HttpRequest,
    app: &web::Data<App>,
    person: Option<&SignedIn>,
    (flow, claims): (&Flow, Claims),
) -> Result<Result<HttpResponse, Refused>, Failure> {
    let detail = printable(&claims.subject, 255);
    let is_same =
        |person: &&SignedIn| flow.administrator_id.as_ref() == Some(&person.administrator.id);
    let Some(person) = person.filter(is_same) else {
        return Ok(Err((Refusal::OtherPerson, detail)));
    };
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    let links = flow.purpose == Purpose::Link;
    let done = app.store.write::<_, admin::Error, _>(move |conn| {
        if links {
            identities::link(conn, &actor, &id, &claims)
        } else {
            identities::confirm(conn, &actor, &id, &claims)
        }
    });
    if let Err(refusal) = done.await? {
        return Ok(Err((refusal, detail)));
    }
    if links {
        person.notice(text!("Your account is joined to the provider."));
    } else {
        let kept = request.get_session().insert(CONFIRMED_AT, person.now().0);
        kept.map_err(|error| Failure::Broken(error.to_string()))?;
    }
    Ok(Ok(page::see_other(&flow.next)))
}
