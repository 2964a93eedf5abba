//! `GET /apis/{id}`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::scopes::addition;
use super::sensitivity;
use crate::console::approvals::pending::Pending;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, line, page};
use crate::model::approval::Subject;
use crate::model::mark::Marks;
use crate::model::resource::{LONG_TOKEN_LIFETIME, Resource, Scope};
use crate::model::usage::day;
use crate::oauth::UnixTime;
use crate::oauth::metadata::Metadata;
use crate::oauth::time::Seconds;
use crate::store::grants::Caller;
use crate::store::uses::{self, ScopeUse};
use crate::store::{Conn, Error, grants, resources, scopes};
use crate::texts::{Text, filters};
use crate::web::App;

/// The most callers that a page names.
pub const NAMED: usize = 200;

#[derive(Template)]
#[template(path = "console/resources/show.html")]
pub(super) struct Show {
    chrome: Chrome,
    manages: bool,
    loaded: Loaded,
    created: Moment,
    /// What an API that checks tokens must know.
    issuer: String,
    jwks_uri: String,
    /// Which sample is open: `python` or `node`.
    lang: &'static str,
    errors: FieldErrors,
    input: addition::Input,
}

/// What the database says of an API.
pub(super) struct Loaded {
    pub resource: Resource,
    pub line: &'static str,
    pub scopes: Vec<Held>,
    pub callers: Callers,
    /// What takes two persons.
    pub marks: Marks,
    pub pending: Vec<Pending>,
}

/// Applications that may call an API.
pub(super) struct Callers<T = Caller> {
    /// By name, [`NAMED`] at most.
    pub named: Vec<T>,
    pub count: i64,
}

/// A scope, how many applications may ask for it, and who does.
pub(super) struct Held {
    pub scope: Scope,
    pub holders: i64,
    pub used: ScopeUse,
    pub last: Option<Moment>,
}

/// How far back it is told who uses a scope.
const PERIOD: Seconds = Seconds::days(90);

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    lang: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (input, errors) = (addition::Input::default(), FieldErrors::default());
    let mut show = fill(&person, &app, id.into_inner(), input, errors).await?;
    show.lang = if query.lang == "node" { "node" } else { "python" };
    page::html(&show)
}

/// The API of this id.
pub(super) async fn find(app: &App, id: String) -> Result<Resource, Failure> {
    app.pages.read(move |conn| resources::find(conn, &id)).await?.ok_or(Failure::NotFound)
}

/// An API with its scopes and callers.
pub(super) async fn load(app: &App, id: String, now: UnixTime) -> Result<Loaded, Failure> {
    app.pages.read(move |conn| read(conn, &id, now)).await?.ok_or(Failure::NotFound)
}

pub(super) async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    input: addition::Input,
    errors: FieldErrors,
) -> Result<Show, Failure> {
    let loaded = load(app, id, person.now()).await?;
    let metadata = Metadata::new(&app.config.issuer.url, false);
    Ok(Show {
        chrome: person.chrome("/apis"),
        manages: person.manages(),
        created: Moment::new(loaded.resource.created_at, person.now()),
        loaded,
        issuer: metadata.issuer,
        jwks_uri: metadata.jwks_uri,
        lang: "python",
        errors,
        input,
    })
}

fn read(conn: &mut Conn, id: &str, now: UnixTime) -> Result<Option<Loaded>, Error> {
    let Some(resource) = resources::find(conn, id)? else { return Ok(None) };
    let named = scopes::holders(conn, id)?;
    let of_all = grants::count_all_scopes(conn, id)?;
    let mut held = Vec::new();
    for scope in scopes::all(conn, id)? {
        let named = named.iter().find(|(name, _)| *name == scope.name);
        let used = uses::of_scope(conn, &resource.identifier, &scope.name, day(now - PERIOD))?;
        held.push(Held {
            holders: of_all + named.map_or(0, |(_, count)| *count),
            last: used.last_at.map(|at| Moment::new(at, now)),
            used,
            scope,
        });
    }
    Ok(Some(Loaded {
        line: line::class(&resource.identifier),
        scopes: held,
        callers: Callers::read(conn, id)?,
        marks: sensitivity::marks(conn, &resource)?,
        pending: Pending::of(conn, (Subject::Resource, id), now)?,
        resource,
    }))
}

impl Show {
    fn lifetime(&self) -> Text {
        duration::text(self.loaded.resource.token_lifetime)
    }

    fn is_long(&self) -> bool {
        self.loaded.resource.token_lifetime > LONG_TOKEN_LIFETIME
    }
}

impl Callers {
    pub fn read(conn: &mut Conn, id: &str) -> Result<Self, Error> {
        let named = grants::callers(conn, id, NAMED)?;
        Ok(Self { named, count: grants::count_callers(conn, id)? })
    }
}

impl<T> Callers<T> {
    /// How many the page leaves out.
    pub fn unnamed(&self) -> i64 {
        self.count - i64::try_from(self.named.len()).unwrap_or(self.count)
    }
}

impl Held {
    /// The share of the callers who hold it, in percent.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass by reference")]
    pub fn share(&self, callers: &i64) -> i64 {
        if *callers == 0 { 0 } else { self.holders * 100 / callers }
    }
}
