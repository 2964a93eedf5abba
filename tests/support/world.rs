//! A small named world: `billing` reads and writes invoices, `reporting` reads
//! them, `mallory` holds nothing.
use countersign::admin::applications::{self, NewApplication};
use countersign::admin::introspectors::{self, Of};
use countersign::admin::resources;
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails, Scope};
use countersign::model::secret::NewSecret;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::time::Seconds;

use super::Server;

pub const BILLING_API: &str = "https://api.example.com/billing";
pub const LEDGER_API: &str = "https://api.example.com/ledger";

/// An application and its secret.
#[expect(clippy::struct_field_names, reason = "the protocol's name of it")]
#[derive(Clone, Debug)]
pub struct Client {
    pub client_id: String,
    pub secret_id: String,
    pub secret: String,
}

pub struct World {
    pub billing: Client,
    pub reporting: Client,
    pub mallory: Client,
}

impl Server {
    /// Two APIs and three applications.
    pub fn world(&self) -> World {
        self.resource(BILLING_API, &["invoices:read", "invoices:write"]);
        self.resource(LEDGER_API, &["invoices:read", "ledger:export"]);
        World {
            billing: self.application("billing", &[(BILLING_API, "invoices:read invoices:write")]),
            reporting: self.application("reporting", &[(BILLING_API, "invoices:read")]),
            mallory: self.application("mallory", &[]),
        }
    }

    /// Registers an API, and returns its id.
    pub fn resource(&self, identifier: &str, scopes: &[&str]) -> String {
        self.resource_with(identifier, scopes, Algorithm::Es256)
    }

    pub fn resource_with(&self, identifier: &str, scopes: &[&str], algorithm: Algorithm) -> String {
        let scope = |name: &&str| Scope { name: (*name).to_owned(), description: String::new() };
        let new = NewResource {
            identifier: identifier.to_owned(),
            details: ResourceDetails {
                name: format!("API {identifier}"),
                description: String::new(),
                token_lifetime: Seconds(600),
            },
            algorithm,
            scopes: scopes.iter().map(scope).collect(),
        };
        self.act(|conn, actor| resources::create(conn, actor, new)).id
    }

    /// Lets an application introspect the tokens of an API.
    pub fn let_introspect(&self, client: &Client, identifier: &str) {
        self.act(|conn, actor| {
            let of = Of::Resource(resources::resolve(conn, identifier)?.id);
            introspectors::add(conn, actor, &of, &client.client_id)
        });
    }

    /// The claims of a token, its signature unseen.
    pub fn claims(token: &str) -> serde_json::Value {
        let payload = token.split('.').nth(1).unwrap();
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    /// Registers an application with a secret that does not expire.
    pub fn application(&self, name: &str, grants: &[(&str, &str)]) -> Client {
        let access = |scopes: &str| match scopes {
            "*" => Access::All,
            _ => Access::Scopes(scopes.split_whitespace().map(str::to_owned).collect()),
        };
        let new = NewApplication {
            details: ApplicationDetails { name: name.to_owned(), ..ApplicationDetails::default() },
            grants: grants
                .iter()
                .map(|(resource, scopes)| ((*resource).to_owned(), access(scopes)))
                .collect(),
            secret: Some(NewSecret { name: "initial".into(), lifetime: None }),
        };
        let created = self.act(|conn, actor| applications::create(conn, actor, new));
        let (secret, value) = created.secret.unwrap();
        Client {
            client_id: created.application.client_id,
            secret_id: secret.id,
            secret: value.to_string(),
        }
    }
}
