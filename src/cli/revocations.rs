//! `countersign revoke` and `countersign revocations`.
use std::io::Read as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::acting::Acting;
use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{Output, note, time};
use crate::admin::{self, Actor, revocations};
use crate::config::Config;
use crate::host::{Clock, Entropy};
use crate::keys::MasterKey;
use crate::model::because::Because;
use crate::model::revocation::{Recorded, Revocation, read_reason};
use crate::oauth::revocation::Kind;
use crate::revocations::journal::Journal;
use crate::store::{self, Conn};
use crate::web::opening::OpenError;

#[derive(Args)]
pub struct Revoke {
    #[command(subcommand)]
    what: What,
    /// Why; it stands in the audit log.
    #[arg(long, global = true, default_value = "")]
    reason: String,
}

#[derive(Subcommand)]
enum What {
    /// One token, by its jti; - reads the token itself from standard input.
    Token { jti: String },
    /// Every token that an application got up to now.
    Application { client_id: String },
    /// Every token that was got with a secret up to now.
    Secret { secret_id: String },
    /// Every token for an API up to now.
    Resource { resource: String },
    /// Whatever a signing key signed; it signs nothing any more.
    Key {
        /// A thumbprint in base64url: one in sixty-four begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Every token there is.
    Everything,
}

impl Revoke {
    /// Revokes; in the journal of the server on this machine, when the database
    /// does not answer.
    pub fn run(
        self,
        (acting, because): (&Acting, Option<Because>),
        config: &Config,
        output: Output,
    ) -> anyhow::Result<()> {
        let reason = read_reason(&self.reason).map_err(admin::Error::Invalid)?;
        let operator = Operator::open(config.clone());
        let operator =
            operator.and_then(|opened| acting.on(Operator { because: because.clone(), ..opened }));
        let (kind, subject) = match self.what {
            What::Token { jti } if jti == "-" => (
                Kind::Token,
                pasted(operator.as_ref().map_err(|error| {
                    anyhow::anyhow!("{error:#}; give the jti of the token instead of it")
                })?)?,
            ),
            What::Token { jti } => (Kind::Token, jti),
            What::Application { client_id } => (Kind::Application, client_id),
            What::Secret { secret_id } => (Kind::Secret, secret_id),
            What::Resource { resource } => (Kind::Resource, resource),
            What::Key { kid } => (Kind::Key, kid),
            What::Everything => (Kind::Everything, String::new()),
        };
        let done = operator.and_then(|operator| {
            operator
                .act(|conn, actor| revocations::revoke(conn, actor, kind, &subject, &reason))
                .or_missing(kind.as_str(), &subject)
        });
        let made = match done {
            Ok(made) => made,
            Err(error) if is_away(&error) => {
                let actor = Actor { because, ..Operator::acting(config, &Clock::System) };
                let late = revocations::unasked(&actor, kind, &subject, &reason)?;
                let journal = Journal::new(&config.emergency.journal);
                journal.append(&late)?;
                note(&format!(
                    "{error:#}. It is kept in {}: in force on a server that runs with this \
                     configuration, or starts with it, and on the others once the database is back",
                    journal.path().display()
                ));
                let mut described = describe(&late.revocation);
                if let Some(members) = described.as_object_mut() {
                    members.insert("kept_in_journal".into(), true.into());
                }
                output.done(&format!("{} waits for the database.", late.revocation.id), &described);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let sentence = format!("{} is in force; servers take it up within a second.", made.id);
        output.done(&sentence, &describe(&made));
        Ok(())
    }
}

/// Whether the database is what is in the way.
fn is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(admin::Error::Store(store::Error::Unavailable(_))))
        || matches!(error.downcast_ref(), Some(OpenError::Store(store::Error::Unavailable(_))))
        || matches!(error.downcast_ref(), Some(store::Error::Unavailable(_)))
}

/// The `jti` of a token on standard input: a token is a secret, and arguments
/// are not.
fn pasted(operator: &Operator) -> anyhow::Result<String> {
    let mut token = String::new();
    std::io::stdin().take(64 * 1_024).read_to_string(&mut token)?;
    let master = MasterKey::load(&operator.config.master_key, false, &Entropy::System)?;
    let verified = operator.key_ring(master)?.verify(token.trim());
    let verified = verified.ok_or_else(|| anyhow::anyhow!("this is no token of ours"))?;
    Ok(verified.claims.jti.clone())
}

#[derive(Args)]
pub struct List {
    /// Of this application only.
    #[arg(long)]
    client_id: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

impl List {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let columns = ["id", "kind", "subject", "created_at", "live_tokens", "reason"];
        let client_id = self.client_id.as_deref();
        self.listing.print(output, &columns, |before, limit| {
            let read = |conn: &mut Conn| store::revocations::page(conn, client_id, before, limit);
            Ok(operator.read(read)?.map(|recorded| described(&recorded)))
        })
    }
}

fn described(recorded: &Recorded) -> Value {
    let mut object = describe(&recorded.revocation);
    if let (Some(members), Some(exposure)) = (object.as_object_mut(), recorded.exposure) {
        members.insert("live_tokens".into(), exposure.live_tokens.into());
        members.insert("accepted_until".into(), exposure.accepted_until.map(time).into());
    }
    object
}

fn describe(revocation: &Revocation) -> Value {
    json!({
        "id": revocation.id,
        "kind": revocation.kind.as_str(),
        "subject": revocation.subject,
        "client_id": revocation.client_id,
        "not_before": time(revocation.not_before),
        "expires_at": time(revocation.expires_at),
        "reason": revocation.reason,
        "created_by": revocation.created_by,
        "created_at": time(revocation.created_at),
    })
}
