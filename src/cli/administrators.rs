//! `countersign administrator`.
use std::io::BufRead as _;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{self, Output, time};
use crate::admin::{self, administrators, factors};
use crate::host::Entropy;
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::model::page::Page;
use crate::model::password::{self, Password};
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Let somebody sign in. The password comes from `COUNTERSIGN_PASSWORD` or
    /// the first line of standard input.
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// owner, admin, developer or auditor.
        #[arg(long)]
        role: String,
    },
    /// Give somebody another role, and end their sessions.
    SetRole {
        email: String,
        /// owner, admin, developer or auditor.
        role: String,
    },
    /// List who may sign in.
    List(Listing),
    /// Remove somebody's authenticator app and recovery codes, and end their
    /// sessions: for who can sign in no other way.
    ResetFactors { email: String },
    /// Give somebody a password, and end their sessions. The password comes
    /// from `COUNTERSIGN_PASSWORD` or the first line of standard input.
    SetPassword { email: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Create { email, name, role } => {
                let details = AdministratorDetails::read(&email, &name, &role)
                    .map_err(admin::Error::Invalid)?;
                let hash = read_password()?;
                let made = operator
                    .act(|conn, actor| administrators::create(conn, actor, details, &hash))?;
                output.object(&describe(&made));
            }
            Self::List(listing) => {
                let columns = ["email", "name", "role", "state", "last_signed_in_at"];
                listing.print(output, &columns, |_, _| {
                    let all = operator.read(store::administrators::all)?;
                    Ok(Page { rows: all.iter().map(describe).collect(), next: None })
                })?;
            }
            Self::SetRole { email, role } => {
                let person = find(operator, &email)?;
                let details = AdministratorDetails::read(&person.email, &person.name, &role)
                    .map_err(admin::Error::Invalid)?;
                operator.act(|conn, actor| {
                    administrators::update(conn, actor, &person.id, person.version, &details)
                })?;
                output.object(&describe(&find(operator, &email)?));
            }
            Self::ResetFactors { email } => {
                let person = find(operator, &email)?;
                operator
                    .act(|conn, actor| factors::remove(conn, actor, &person.id))
                    .or_missing("second factor of", &person.email)?;
                let sentence =
                    format!("{} has no second factor any more; sessions are ended.", person.email);
                output.done(&sentence, &describe(&person));
            }
            Self::SetPassword { email } => {
                let person = find(operator, &email)?;
                let hash = read_password()?;
                operator.act(|conn, actor| {
                    administrators::set_password(conn, actor, &person.id, &hash)
                })?;
                let sentence = format!("{} has a new password; sessions are ended.", person.email);
                output.done(&sentence, &describe(&person));
            }
        }
        Ok(())
    }
}

fn find(operator: &Operator, email: &str) -> anyhow::Result<Administrator> {
    let find = |conn: &mut Conn| {
        store::administrators::find_by_email(conn, email)?.ok_or(admin::Error::NotFound)
    };
    let (person, _) = operator.find(find).or_missing("administrator", email)?;
    Ok(person)
}

/// Never from an argument: those are seen by everybody on the machine.
fn read_password() -> anyhow::Result<String> {
    let text = if let Ok(text) = std::env::var("COUNTERSIGN_PASSWORD") {
        Zeroizing::new(text)
    } else {
        output::prompt("Password");
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut line).context("no password")?;
        Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    let password = Password::choose(&text).map_err(|why| admin::Error::field("password", why))?;
    let salt = Entropy::System.bytes();
    password::hash(&password, &salt).map_err(|error| anyhow::anyhow!("hashing: {error}"))
}

fn describe(person: &Administrator) -> Value {
    json!({
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role.as_str(),
        "state": if person.active { "active" } else { "suspended" },
        "created_at": time(person.created_at),
        "last_signed_in_at": person.last_signed_in_at.map(time),
    })
}
