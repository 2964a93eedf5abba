//! `countersign key`.
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::listing::Listing;
use super::operator::Operator;
use super::output::{self, Output, time};
use crate::admin::{self, signing_keys};
use crate::config;
use crate::host::Entropy;
use crate::keys::{MasterKey, import, sealed_text};
use crate::model::page::Page;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::{self, Policy};
use crate::oauth::algorithm::Algorithm;
use crate::store;
use crate::web::app::policy;

#[derive(Subcommand)]
pub enum Command {
    /// List signing keys and when they change.
    List {
        #[command(flatten)]
        listing: Listing,
    },
    /// Let the key that stands by sign from now on.
    Rotate {
        /// ES256, EdDSA, PS256 or RS256.
        #[arg(default_value = "ES256")]
        algorithm: String,
        #[arg(long, value_enum, default_value = "tokens")]
        purpose: Signs,
    },
    /// Bring a private key along, to sign next: PEM or JWK, unencrypted. It is
    /// sealed in the database, also where new keys are made in a PKCS#11 token.
    Import {
        /// The file; - for standard input.
        file: PathBuf,
        #[arg(long, default_value = "ES256")]
        algorithm: String,
        #[arg(long, value_enum, default_value = "tokens")]
        purpose: Signs,
    },
    /// Seal all private keys under another master key. Stop every server first,
    /// and start them with the new one. Keys in a PKCS#11 token stay as they are.
    Reseal {
        /// File with the new master key: 64 hexadecimal digits.
        #[arg(long)]
        new_master_key_file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Signs {
    /// Access tokens.
    Tokens,
    /// What is said of their status.
    Status,
    /// Checkpoints of the audit log.
    Checkpoints,
}

impl From<Signs> for Purpose {
    fn from(signs: Signs) -> Self {
        match signs {
            Signs::Tokens => Self::AccessTokens,
            Signs::Status => Self::TokenStatus,
            Signs::Checkpoints => Self::Checkpoints,
        }
    }
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List { listing } => list(operator, output, &listing),
            Self::Rotate { algorithm, purpose } => {
                let pair = (purpose.into(), parse(&algorithm)?);
                let policy = policy(operator.config.keys);
                operator.act(|conn, actor| signing_keys::rotate(conn, actor, pair, policy))?;
                let object = json!({ "algorithm": algorithm, "rotated": true });
                output.done(&format!("The next {algorithm} key signs from now on."), &object);
                Ok(())
            }
            Self::Import { file, algorithm, purpose } => {
                let pair = (purpose.into(), parse(&algorithm)?);
                let pkcs8 = import::read(&read(&file)?, pair.1)?;
                let ring = operator.key_ring(master(operator)?)?;
                let key = ring.adopt(&pkcs8, pair, operator.clock.now())?;
                operator.act(|conn, actor| signing_keys::import(conn, actor, &key))?;
                let shown = describe(&key, policy(operator.config.keys));
                output.object(&shown);
                if operator.config.pkcs11.is_some() {
                    output::note("This key is sealed in the database, not in the PKCS#11 token.");
                }
                Ok(())
            }
            Self::Reseal { new_master_key_file } => reseal(operator, output, new_master_key_file),
        }
    }
}

fn list(operator: &Operator, output: Output, listing: &Listing) -> anyhow::Result<()> {
    let policy = policy(operator.config.keys);
    let keys = operator.read(store::signing_keys::all)?;
    let rows: Vec<Value> = keys.iter().rev().map(|key| describe(key, policy)).collect();
    let columns = ["kid", "purpose", "algorithm", "state", "created_at", "changes_at"];
    listing.print(output, &columns, |_, _| Ok(Page { rows: rows.clone(), next: None }))
}

fn reseal(operator: &Operator, output: Output, file: PathBuf) -> anyhow::Result<()> {
    let place = config::MasterKey::File(file);
    let new = MasterKey::load(&place, false, &Entropy::System)?;
    let ring = operator.key_ring(master(operator)?)?;
    let count = operator.act(|conn, actor| {
        let seal = |key: &SigningKey| ring.reseal(key, &new).map_err(|error| error.to_string());
        admin::factors::reseal(conn, actor, |id, sealed| {
            let purpose = sealed_text::of_app(id);
            ring.reseal_text(&purpose, sealed, &new).map_err(|error| error.to_string())
        })?;
        signing_keys::reseal(conn, actor, seal)
    })?;
    let sentence = format!("{count} keys are sealed under the new master key. Use it from now on.");
    output.done(&sentence, &json!({ "resealed": count }));
    if operator.config.pkcs11.is_some() {
        output::note("Of keys in the PKCS#11 token that is their name; they are what they were.");
    }
    Ok(())
}

fn master(operator: &Operator) -> anyhow::Result<MasterKey> {
    Ok(MasterKey::load(&operator.config.master_key, false, &Entropy::System)?)
}

fn parse(algorithm: &str) -> Result<Algorithm, admin::Error> {
    Algorithm::parse(algorithm)
        .ok_or_else(|| admin::Error::field("algorithm", "Choose ES256, EdDSA, PS256 or RS256."))
}

fn read(file: &std::path::Path) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if file.as_os_str() == "-" {
        std::io::stdin().take(64 * 1_024).read_to_string(&mut text)?;
    } else {
        let name = || file.display().to_string();
        let opened = std::fs::File::open(file).with_context(name)?;
        opened.take(64 * 1_024).read_to_string(&mut text).with_context(name)?;
    }
    Ok(text)
}

fn describe(key: &SigningKey, policy: Policy) -> Value {
    let changes_at = match key.state {
        State::Next => Some(timetable::safe_from(key, policy)),
        State::Current => timetable::ends_at(key, policy),
        _ => timetable::removed_at(key),
    };
    json!({
        "kid": key.kid,
        "purpose": key.purpose.as_str(),
        "algorithm": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": time(key.created_at),
        "current_from": key.current_from.map(time),
        "ended_at": key.ended_at.map(time),
        "changes_at": changes_at.map(time),
    })
}
