//! `countersign secret`.
use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{self, Output, time};
use crate::admin;
use crate::admin::secrets::{self, Tokens};
use crate::model::page::Page;
use crate::model::secret::{NewSecret, Secret, read_days, read_overlap};
use crate::oauth::UnixTime;
use crate::store::{self, Conn};

/// Stands under a secret where a person sees it.
pub const ONCE: &str = "Keep the secret now: it cannot be shown again.";

#[derive(Subcommand)]
pub enum Command {
    /// Make a secret beside those there are, and print it once.
    Add {
        client_id: String,
        #[arg(long)]
        name: String,
        /// Days it works; nothing: until it is revoked.
        #[arg(long, default_value = "")]
        days: String,
    },
    /// Make a secret in the place of another, and print it once. Both work until
    /// the overlap is over.
    Rotate {
        client_id: String,
        secret_id: String,
        #[arg(long)]
        name: String,
        /// Days the new one works; nothing: until it is revoked.
        #[arg(long, default_value = "")]
        days: String,
        /// How long the old one goes on working: 0, 30m, 24h, 7d.
        #[arg(long, default_value = "24h")]
        overlap: String,
    },
    /// Change when a secret stops working.
    Expire {
        client_id: String,
        secret_id: String,
        /// Days from now; nothing: when it is revoked.
        #[arg(long)]
        days: String,
    },
    /// List the secrets of an application, without their values.
    List {
        client_id: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// End a secret at once.
    Revoke {
        client_id: String,
        secret_id: String,
        /// And the tokens that were got with it.
        #[arg(long)]
        tokens: bool,
    },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Add { client_id, name, days } => {
                let new = NewSecret::read(&name, &days).map_err(admin::Error::Invalid)?;
                let made = operator
                    .act(|conn, actor| secrets::add(conn, actor, &client_id, &new))
                    .or_missing("application", &client_id)?;
                reveal(made, operator.clock.now(), output);
            }
            Self::Rotate { client_id, secret_id, name, days, overlap } => {
                let new = NewSecret::read(&name, &days).map_err(admin::Error::Invalid)?;
                let overlap = read_overlap(&overlap).map_err(|why| anyhow::anyhow!(why))?;
                let which = (client_id.as_str(), secret_id.as_str());
                let made = operator
                    .act(|conn, actor| secrets::rotate(conn, actor, which, &new, overlap))
                    .or_missing(&format!("secret of {client_id}"), &secret_id)?;
                reveal(made, operator.clock.now(), output);
            }
            Self::Expire { client_id, secret_id, days } => {
                let lifetime = read_days(&days).map_err(|why| anyhow::anyhow!(why))?;
                let which = (client_id.as_str(), secret_id.as_str());
                operator
                    .act(|conn, actor| secrets::set_expiry(conn, actor, which, lifetime))
                    .or_missing(&format!("secret of {client_id}"), &secret_id)?;
                let end = lifetime.map(|lifetime| time(operator.clock.now() + lifetime));
                let text = match &end {
                    Some(end) => format!("{secret_id} works until {end}."),
                    None => format!("{secret_id} works until it is revoked."),
                };
                output.done(&text, &json!({ "secret_id": secret_id, "expires_at": end }));
            }
            Self::List { client_id, listing } => {
                let find = |conn: &mut Conn| {
                    store::applications::find(conn, &client_id)?.ok_or(admin::Error::NotFound)?;
                    Ok(store::secrets::all(conn, &client_id)?)
                };
                let found = operator.find(find).or_missing("application", &client_id)?;
                let now = operator.clock.now();
                let rows: Vec<Value> = found.iter().map(|secret| describe(secret, now)).collect();
                let columns = ["secret_id", "name", "hint", "state", "expires_at", "last_used_at"];
                listing
                    .print(output, &columns, |_, _| Ok(Page { rows: rows.clone(), next: None }))?;
            }
            Self::Revoke { client_id, secret_id, tokens } => {
                let tokens = if tokens { Tokens::Revoke } else { Tokens::Keep };
                operator
                    .act(|conn, actor| secrets::revoke(conn, actor, &client_id, &secret_id, tokens))
                    .or_missing(&format!("secret of {client_id}"), &secret_id)?;
                let object = json!({ "secret_id": secret_id, "state": "revoked" });
                output.done(&format!("{secret_id} is revoked."), &object);
            }
        }
        Ok(())
    }
}

fn reveal((secret, value): (Secret, Zeroizing<String>), now: UnixTime, output: Output) {
    let mut object = describe(&secret, now);
    if let Some(members) = object.as_object_mut() {
        members.insert("client_secret".into(), value.as_str().into());
    }
    output.object(&object);
    if !output.json {
        output::note(ONCE);
    }
}

fn describe(secret: &Secret, now: UnixTime) -> Value {
    json!({
        "secret_id": secret.id,
        "client_id": secret.client_id,
        "name": secret.name,
        "hint": secret.hint,
        "state": secret.state(now).as_str(),
        "created_by": secret.created_by,
        "created_at": time(secret.created_at),
        "expires_at": secret.expires_at.map(time),
        "revoked_at": secret.revoked_at.map(time),
        "last_used_at": secret.last_used_at.map(time),
    })
}
