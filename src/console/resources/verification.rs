//! `/apis/{id}/verification`: how it is found out whether a token is good.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{introspectors, routes, show};
use crate::admin::{self, resources};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::resource::{AccessRecords, Resource, Scope, Verification};
use crate::model::role::Right;
use crate::model::route::Route;
use crate::store::{self, Conn, Error, scopes};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

/// The gateways that the page has a configuration for: the word in the URL,
/// and the name.
const GATEWAYS: [(&str, &str); 4] =
    [("nginx", "nginx"), ("traefik", "Traefik"), ("caddy", "Caddy"), ("envoy", "Envoy")];

/// The methods that the form offers; the command line takes others too.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "*"];

#[derive(Template)]
#[template(path = "console/resources/verification.html")]
pub(super) struct Page {
    chrome: Chrome,
    manages: bool,
    errors: FieldErrors,
    loaded: Loaded,
    input: Input,
    route: routes::addition::Input,
    introspector: introspectors::addition::Input,
    gateway: &'static str,
    gate: Gate,
}

/// What the database says of it.
struct Loaded {
    resource: Resource,
    scopes: Vec<Scope>,
    routes: Vec<Route>,
    /// Client ids and names.
    introspectors: Vec<(String, String)>,
    /// Of those that may introspect every token.
    of_any: Vec<(String, String)>,
}

/// Where gateways ask for this API.
struct Gate {
    url: String,
    /// The same in parts: scheme and host, host, port, path.
    origin: String,
    host: String,
    port: u16,
    path: String,
    is_tls: bool,
}

/// The policy as it was chosen, and the version it was made from.
#[derive(Deserialize)]
pub struct Input {
    access_records: String,
    /// There when the box is ticked.
    status_lists: Option<String>,
    version: i64,
}

/// Forms of which one was sent, to be shown again with what is wrong with it.
#[derive(Default)]
pub(super) struct Again {
    pub policy: Option<Input>,
    pub route: routes::addition::Input,
    pub introspector: introspectors::addition::Input,
    pub errors: FieldErrors,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    gateway: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let mut filled = fill(&person, &app, id.into_inner(), Again::default()).await?;
    let chosen = GATEWAYS.iter().find(|(word, _)| *word == query.gateway);
    filled.gateway = chosen.map_or("nginx", |(word, _)| word);
    page::html(&filled)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, mut input, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let Some(access_records) = AccessRecords::parse(&input.access_records) else {
        let errors = FieldErrors::one("access_records", text!("Choose what is recorded."));
        let again = Again { policy: Some(input), errors, ..Again::default() };
        return page::unprocessable(&fill(&person, &app, id, again).await?);
    };
    let verification = Verification { access_records, status_lists: input.status_lists.is_some() };
    let (actor, target, version) = (person.actor.clone(), id.clone(), input.version);
    let set = move |conn: &mut Conn| {
        resources::set_verification(conn, &actor, &target, version, verification)
    };
    match app.act(set).await {
        Ok(()) => {
            person.notice(text!("How it is checked is saved."));
            Ok(page::see_other(&format!("/apis/{id}/verification")))
        }
        Err(admin::Error::Conflict(why)) => {
            let errors = FieldErrors::one(
                "access_records",
                Text::from(why).and(text!("Nothing was saved.")),
            );
            // Whoever saves again has seen what is stored now.
            input.version = show::find(&app, id.clone()).await?.version;
            let again = Again { policy: Some(input), errors, ..Again::default() };
            page::conflict(&fill(&person, &app, id, again).await?)
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    again: Again,
) -> Result<Page, Failure> {
    let loaded = app.pages.read(move |conn| read(conn, &id)).await?.ok_or(Failure::NotFound)?;
    let stored = loaded.resource.verification;
    let input = again.policy.unwrap_or_else(|| Input {
        access_records: stored.access_records.as_str().to_owned(),
        status_lists: stored.status_lists.then(String::new),
        version: loaded.resource.version,
    });
    Ok(Page {
        chrome: person.chrome("/apis"),
        manages: person.manages(),
        errors: again.errors,
        gate: Gate::of(&app.config.issuer.url, &loaded.resource.id),
        loaded,
        input,
        route: again.route,
        introspector: again.introspector,
        gateway: "nginx",
    })
}

fn read(conn: &mut Conn, id: &str) -> Result<Option<Loaded>, Error> {
    let Some(resource) = store::resources::find(conn, id)? else { return Ok(None) };
    Ok(Some(Loaded {
        scopes: scopes::all(conn, id)?,
        routes: store::routes::all(conn, id)?,
        introspectors: store::introspectors::all(conn, id)?,
        of_any: store::introspectors::of_any(conn)?,
        resource,
    }))
}

impl Gate {
    fn of(issuer: &str, resource_id: &str) -> Self {
        let url = format!("{}/gate/{resource_id}", issuer.trim_end_matches('/'));
        let parsed = url::Url::parse(&url).ok();
        let part = |of: fn(&url::Url) -> String| parsed.as_ref().map(of).unwrap_or_default();
        Self {
            origin: part(|url| url.origin().ascii_serialization()),
            host: part(|url| url.host_str().unwrap_or_default().to_owned()),
            port: parsed.as_ref().and_then(url::Url::port_or_known_default).unwrap_or(443),
            path: part(|url| url.path().to_owned()),
            is_tls: parsed.as_ref().is_some_and(|url| url.scheme() == "https"),
            url,
        }
    }
}

impl Page {
    fn gateways(&self) -> [(&'static str, &'static str, bool); 4] {
        GATEWAYS.map(|(word, name)| (word, name, word == self.gateway))
    }

    /// The policies to choose from, and a line on each.
    fn policies(&self) -> [(&'static str, &'static str, &'static str, bool); 3] {
        AccessRecords::ALL.map(|policy| {
            let (name, about) = match policy {
                AccessRecords::Counted => (
                    en("Counted"),
                    en("How often each application used which route, by the minute. Costs next to nothing."),
                ),
                AccessRecords::Sampled => (
                    en("Sampled"),
                    en("Counted, and besides one in a hundred that passed and every refusal, with the token’s ID."),
                ),
                AccessRecords::Full => (
                    en("Full"),
                    en("Each one, with the token’s ID, on disk before it passes. When that cannot be done, nothing passes. Only refusals that come in floods are counted."),
                ),
            };
            (policy.as_str(), name, about, self.input.access_records == policy.as_str())
        })
    }

    fn methods(&self) -> [(&'static str, bool); 7] {
        METHODS.map(|method| (method, self.route.method == method))
    }

    fn demands(&self, scope: &str) -> bool {
        self.route.scopes.iter().any(|chosen| chosen == scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_lies_below_the_issuer_wherever_that_is() {
        let gate = Gate::of("https://auth.example.com/machines", "res_1");
        assert_eq!(gate.url, "https://auth.example.com/machines/gate/res_1");
        assert_eq!((gate.host.as_str(), gate.port, gate.is_tls), ("auth.example.com", 443, true));
        assert_eq!(gate.path, "/machines/gate/res_1");
        let gate = Gate::of("http://localhost:8080", "res_1");
        assert_eq!((gate.origin.as_str(), gate.port), ("http://localhost:8080", 8_080));
    }
}
