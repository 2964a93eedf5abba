//! `/keys/rotation`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::signing_keys as acts;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::signing_key::{Purpose, State};
use crate::model::timetable;
use crate::oauth::algorithm::Algorithm;
use crate::store::{Conn, signing_keys};
use crate::text;
use crate::texts::filters;
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/keys/rotation.html")]
struct Rotation {
    chrome: Chrome,
    pair: Pair,
    current: Option<String>,
    next: String,
    published: Moment,
    /// Set when it is too soon.
    safe: Option<Moment>,
}

/// Which keys.
#[derive(Deserialize)]
pub struct Pair {
    purpose: String,
    algorithm: String,
}

impl Pair {
    fn parse(&self) -> Result<(Purpose, Algorithm), Failure> {
        let purpose = Purpose::parse(&self.purpose);
        purpose.zip(Algorithm::parse(&self.algorithm)).ok_or(Failure::NotFound)
    }
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    pair: Option<web::Query<Pair>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    // Who confirmed who they are comes back without saying which keys.
    let Some(pair) = pair else { return Ok(page::see_other("/keys")) };
    let (purpose, algorithm) = pair.parse()?;
    let keys = app.pages.read(signing_keys::all).await?;
    let of = |state| timetable::of(&keys, purpose, algorithm, state);
    let next = of(State::Next).ok_or(Failure::NotFound)?;
    let (now, safe) = (person.now(), timetable::safe_from(next, app.key_policy()));
    page::html(&Rotation {
        chrome: person.chrome("/keys"),
        pair: pair.into_inner(),
        current: of(State::Current).map(|key| key.kid.clone()),
        next: next.kid.clone(),
        published: Moment::new(next.created_at, now),
        safe: (safe > now).then(|| Moment::new(safe, now)),
    })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    pair: web::Form<Pair>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (actor, policy, pair) = (person.actor.clone(), app.key_policy(), pair.parse()?);
    let rotate = move |conn: &mut Conn| acts::rotate(conn, &actor, pair, policy);
    let settled = act_or_ask(&app.into_inner(), &person.actor, rotate).await?;
    if let Settled::Asked(request) = settled {
        return Ok(person.asked(&request));
    }
    person.notice(text!("The next key signs from now on."));
    Ok(page::see_other("/keys"))
}

impl Rotation {
    fn purpose(&self) -> String {
        self.pair.purpose.replace('_', " ")
    }
}
