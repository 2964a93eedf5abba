//! `POST /profile/identities` and `POST /profile/identities/deletion`: one's own
//! account is joined to the OpenID provider, and parted from it.
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::admin::{self, identities};
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::session::openid::departure::{self, Traveller};
use crate::console::signed_in::SignedIn;
use crate::model::openid::Purpose;
use crate::oauth::UnixTime;
use crate::store::Conn;
use crate::store::identities::Identity;
use crate::text;
use crate::web::App;

/// What the page says of the provider.
pub struct Section {
    /// What it is called; `None`: there is none any more.
    pub name: Option<String>,
    /// Whether one of `known` is of it.
    pub is_joined: bool,
    pub known: Vec<Row>,
}

pub struct Row {
    pub issuer: String,
    pub subject: String,
    pub email: String,
    pub since: Moment,
    pub used: Moment,
}

#[derive(Deserialize)]
pub struct Input {
    issuer: String,
    subject: String,
}

pub async fn post(
    person: SignedIn,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let traveller = Traveller {
        actor: &person.actor,
        administrator_id: Some(person.administrator.id.clone()),
        purpose: Purpose::Link,
        next: "/profile".to_owned(),
    };
    departure::send(&request, &app, traveller).await
}

pub async fn post_deletion(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let form = form.into_inner();
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    let unlink =
        move |conn: &mut Conn| identities::unlink(conn, &actor, &id, (&form.issuer, &form.subject));
    app.store.write::<_, admin::Error, _>(unlink).await?;
    person.notice(text!("Your account is parted from the provider."));
    Ok(page::see_other("/profile"))
}

/// `None`: there is nothing to say.
pub fn section(app: &App, known: Vec<Identity>, now: UnixTime) -> Option<Section> {
    let config = app.openid.as_ref().map(|provider| provider.config());
    if config.is_none() && known.is_empty() {
        return None;
    }
    let issuer = config.map(|config| config.issuer.as_str());
    Some(Section {
        name: config.map(|config| config.name.clone()),
        is_joined: known.iter().any(|identity| Some(identity.issuer.as_str()) == issuer),
        known: known.into_iter().map(|identity| row(identity, now)).collect(),
    })
}

fn row(identity: Identity, now: UnixTime) -> Row {
    Row {
        email: identity.email.unwrap_or_else(|| identity.subject.clone()),
        since: Moment::new(identity.created_at, now),
        used: Moment::new(identity.last_used_at, now),
        issuer: identity.issuer,
        subject: identity.subject,
    }
}
