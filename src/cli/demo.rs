//! `countersign serve --demo`: something to ask for a token at once.
use zeroize::Zeroizing;

use crate::admin::applications::{self, NewApplication};
use crate::admin::{Actor, Error, resources};
use crate::model::application::ApplicationDetails;
use crate::model::grant::Access;
use crate::model::resource::{DEFAULT_TOKEN_LIFETIME, NewResource, ResourceDetails, Scope};
use crate::model::secret::NewSecret;
use crate::oauth::algorithm::Algorithm;
use crate::store::{self, Conn};

const RESOURCE: &str = "https://api.example.com/billing";

/// The demo application and its secret.
pub struct Demo {
    pub client_id: String,
    pub secret: Zeroizing<String>,
}

/// Registers the demo; `None` when anything is registered already.
pub fn seed(conn: &mut Conn, actor: &Actor) -> Result<Option<Demo>, Error> {
    let resources = store::resources::page(conn, None, None, 1)?.rows;
    if !resources.is_empty() || store::applications::any(conn)? {
        return Ok(None);
    }
    resources::create(conn, actor, billing_api())?;
    let created = applications::create(
        conn,
        actor,
        NewApplication {
            details: ApplicationDetails {
                name: "billing-worker".into(),
                description: "Raises invoices and sends receipts.".into(),
                owner: "Payments".into(),
                ..ApplicationDetails::default()
            },
            grants: vec![(
                RESOURCE.into(),
                Access::Scopes(vec!["invoices:read".into(), "invoices:write".into()]),
            )],
            secret: Some(NewSecret { name: "demo".into(), lifetime: None }),
        },
    )?;
    let client_id = created.application.client_id;
    Ok(created.secret.map(|(_, secret)| Demo { client_id, secret }))
}

/// Commands to paste, that need curl and sed alone.
pub fn commands(demo: &Demo, token_url: &str, whoami_url: &str) -> String {
    format!(
        "Get a token:\n\n  curl -sS {token_url} -u '{}:{}' -d grant_type=client_credentials \
         -d resource={RESOURCE} -d scope=invoices:read\n\nAnd use it:\n\n  TOKEN=$(curl -sS \
         {token_url} -u '{}:{}' -d grant_type=client_credentials | sed \
         's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n  curl -sS {whoami_url} -H \
         \"Authorization: Bearer $TOKEN\"\n",
        demo.client_id, *demo.secret, demo.client_id, *demo.secret
    )
}

fn billing_api() -> NewResource {
    let scope = |name: &str, description: &str| Scope {
        name: name.to_owned(),
        description: description.to_owned(),
    };
    NewResource {
        identifier: RESOURCE.into(),
        details: ResourceDetails {
            name: "Billing API".into(),
            description: "Invoices and receipts.".into(),
            token_lifetime: DEFAULT_TOKEN_LIFETIME,
        },
        algorithm: Algorithm::default(),
        scopes: vec![
            scope("invoices:read", "Read invoices"),
            scope("invoices:write", "Raise and change invoices"),
        ],
    }
}
