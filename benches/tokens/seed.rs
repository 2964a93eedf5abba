//! Registers many applications through the acts of the administration.
use std::path::Path;

use countersign::admin::applications::{self, NewApplication};
use countersign::admin::introspectors::{self, Of};
use countersign::admin::{self, Actor, resources, routes};
use countersign::config::Config;
use countersign::host::{Clock, Entropy};
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails, Scope};
use countersign::model::route::Route;
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;
use countersign::store::Conn;
use countersign::web::opening::open_store;

use crate::clients::{self, Credentials};

/// The one API that everybody may call.
pub const RESOURCE: &str = "https://api.example/bench";
pub const SCOPE: &str = "invoices:read invoices:write";

/// Applications in one transaction.
const BATCH: usize = 500;

pub fn run(count: usize, clients: &Path) -> anyhow::Result<String> {
    let config = Config::read(std::env::vars())?;
    let store = open_store(&config)?;
    let actor = Actor::system(Clock::System.now(), &config.instance, &Entropy::System);
    let resource = store.write_blocking(|conn| match resources::resolve(conn, RESOURCE) {
        Ok(known) => Ok(known),
        Err(_) => resources::create(conn, &actor, resource()),
    })?;
    let mut credentials = Vec::with_capacity(count);
    while credentials.len() < count {
        let first = credentials.len();
        let numbers = first..count.min(first + BATCH);
        let created = store.write_blocking(|conn| {
            numbers
                .map(|number| create(conn, &actor, &resource.id, number))
                .collect::<Result<Vec<_>, _>>()
        })?;
        credentials.extend(created);
    }
    // For what is asked about tokens: a route, and somebody who may ask.
    let route = Route::read("GET", "/invoices/{id}", "invoices:read")
        .map_err(|_| anyhow::anyhow!("no route"))?;
    let first = credentials.first().map(|client| client.id.clone()).unwrap_or_default();
    store.write_blocking(|conn| {
        routes::add(conn, &actor, &resource.id, &route)?;
        introspectors::add(conn, &actor, &Of::Any, &first)
    })?;
    clients::write(clients, &credentials)?;
    Ok(format!("{count} applications"))
}

fn create(
    conn: &mut Conn,
    actor: &Actor,
    resource: &str,
    number: usize,
) -> Result<Credentials, admin::Error> {
    let new = NewApplication {
        details: ApplicationDetails {
            name: format!("bench {number:06}"),
            owner: "bench".to_owned(),
            ..ApplicationDetails::default()
        },
        grants: vec![(resource.to_owned(), Access::All)],
        secret: Some(NewSecret { name: "bench".to_owned(), lifetime: None }),
    };
    let created = applications::create(conn, actor, new)?;
    let secret = created.secret.map(|(_, value)| value.to_string()).unwrap_or_default();
    Ok(Credentials { id: created.application.client_id, secret })
}

fn resource() -> NewResource {
    let scope = |name: &str| Scope { name: name.to_owned(), description: String::new() };
    NewResource {
        identifier: RESOURCE.to_owned(),
        details: ResourceDetails {
            name: "Bench".to_owned(),
            description: String::new(),
            token_lifetime: Seconds(600),
        },
        scopes: SCOPE.split(' ').map(scope).collect(),
        ..NewResource::default()
    }
}
