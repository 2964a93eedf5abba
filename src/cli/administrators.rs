//! `countersign administrator`.
use std::io::BufRead as _;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::break_glass;
use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{self, Output, time};
use crate::admin::sessions::{self, Which};
use crate::admin::{self, administrators, factors, guard, links};
use crate::host::Entropy;
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::model::page::Page;
use crate::model::password::{self, Password};
use crate::model::secret::read_overlap;
use crate::model::session::{Limits, Session};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Let an owner sign in with a password though only the OpenID provider says
    /// who people are. With --name it is made, with the password that comes from
    /// `COUNTERSIGN_PASSWORD` or the first line of standard input.
    BreakGlass {
        email: String,
        /// Make the account, under this name.
        #[arg(long, conflicts_with = "end")]
        name: Option<String>,
        /// Make it an account like others.
        #[arg(long)]
        end: bool,
    },
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
    /// Let an address or a network sign in to the console no more, for a time.
    Block {
        /// Such as `192.0.2.1` or `2001:db8::/64`.
        network: String,
        /// 1h, 24h, 7d or 30d.
        #[arg(long, value_name = "LENGTH", default_value = "24h")]
        r#for: String,
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List the addresses that may not sign in.
    Blocks(Listing),
    /// End the sessions of somebody, or one of them.
    EndSessions {
        email: String,
        /// Its id, as `sessions` lists it.
        #[arg(long)]
        session: Option<String>,
    },
    /// Invite somebody, and print the one-time link to hand over. They choose
    /// the password.
    Invite {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// owner, admin, developer or auditor.
        #[arg(long)]
        role: String,
        /// How long the link is good: 1d, 3d or 7d.
        #[arg(long, value_name = "LENGTH", default_value = "1d")]
        good_for: String,
    },
    /// List who may sign in.
    List(Listing),
    /// Remove somebody's passkeys, authenticator app and recovery codes, and end
    /// their sessions: for who can sign in no other way.
    ResetFactors { email: String },
    /// Print a one-time link with which somebody chooses a new password, good for
    /// an hour. The old one works until then.
    ResetPassword { email: String },
    /// Let a suspended person sign in again.
    Resume { email: String },
    /// List the sessions of somebody.
    Sessions {
        email: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Give somebody a password, and end their sessions. The password comes
    /// from `COUNTERSIGN_PASSWORD` or the first line of standard input.
    SetPassword { email: String },
    /// Give somebody another role, and end their sessions.
    SetRole {
        email: String,
        /// owner, admin, developer or auditor.
        role: String,
    },
    /// Let somebody sign in no more, and end their sessions.
    Suspend { email: String },
    /// Let a blocked address or network sign in again.
    Unblock { network: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::BreakGlass { email, name, end } => {
                break_glass::run(operator, output, &email, (name.as_deref(), end))
            }
            Self::Create { email, name, role } => create(operator, output, &email, &name, &role),
            Self::Block { network, r#for, reason } => {
                block(operator, output, &network, (&r#for, &reason))
            }
            Self::Blocks(listing) => blocks(operator, output, &listing),
            Self::EndSessions { email, session } => {
                end_sessions(operator, output, &find(operator, &email)?, session.as_deref())
            }
            Self::Invite { email, name, role, good_for } => {
                let details = AdministratorDetails::read(&email, &name, &role)
                    .map_err(admin::Error::Invalid)?;
                invite(operator, output, details, length(&good_for)?)
            }
            Self::List(listing) => {
                let columns = ["email", "name", "role", "state", "last_signed_in_at"];
                listing.print(output, &columns, |_, _| {
                    let all = operator.read(store::administrators::all)?;
                    Ok(Page { rows: all.iter().map(describe).collect(), next: None })
                })
            }
            Self::ResetFactors { email } => {
                reset_factors(operator, output, &find(operator, &email)?)
            }
            Self::ResetPassword { email } => {
                reset_password(operator, output, &find(operator, &email)?)
            }
            Self::Resume { email } => set_active(operator, output, &email, true),
            Self::Sessions { email, listing } => {
                sessions_of(operator, output, &find(operator, &email)?, &listing)
            }
            Self::SetPassword { email } => set_password(operator, output, &find(operator, &email)?),
            Self::SetRole { email, role } => set_role(operator, output, &email, &role),
            Self::Suspend { email } => set_active(operator, output, &email, false),
            Self::Unblock { network } => unblock(operator, output, &network),
        }
    }
}

fn create(
    operator: &Operator,
    output: Output,
    email: &str,
    name: &str,
    role: &str,
) -> anyhow::Result<()> {
    let details = AdministratorDetails::read(email, name, role).map_err(admin::Error::Invalid)?;
    let hash = read_password()?;
    let made = operator.act(|conn, actor| administrators::create(conn, actor, details, &hash))?;
    output.object(&describe(&made));
    Ok(())
}

fn set_role(operator: &Operator, output: Output, email: &str, role: &str) -> anyhow::Result<()> {
    let person = find(operator, email)?;
    let details = AdministratorDetails::read(&person.email, &person.name, role)
        .map_err(admin::Error::Invalid)?;
    operator.act(|conn, actor| {
        administrators::update(conn, actor, &person.id, person.version, &details)
    })?;
    output.object(&describe(&find(operator, email)?));
    Ok(())
}

fn set_password(operator: &Operator, output: Output, person: &Administrator) -> anyhow::Result<()> {
    let hash = read_password()?;
    operator.act(|conn, actor| administrators::set_password(conn, actor, &person.id, &hash))?;
    let sentence = format!("{} has a new password; sessions are ended.", person.email);
    output.done(&sentence, &describe(person));
    Ok(())
}

fn reset_factors(
    operator: &Operator,
    output: Output,
    person: &Administrator,
) -> anyhow::Result<()> {
    operator
        .act(|conn, actor| factors::remove(conn, actor, &person.id))
        .or_missing("second factor of", &person.email)?;
    let sentence = format!("{} has no second factor any more; sessions are ended.", person.email);
    output.done(&sentence, &describe(person));
    Ok(())
}

fn set_active(operator: &Operator, output: Output, email: &str, on: bool) -> anyhow::Result<()> {
    let person = find(operator, email)?;
    let act = if on { administrators::resume } else { administrators::suspend };
    operator.act(|conn, actor| act(conn, actor, &person.id))?;
    let state = if on { "may sign in again" } else { "is suspended; sessions are ended" };
    output.done(&format!("{} {state}.", person.email), &describe(&find(operator, email)?));
    Ok(())
}

fn invite(
    operator: &Operator,
    output: Output,
    details: AdministratorDetails,
    lifetime: Seconds,
) -> anyhow::Result<()> {
    let (invitation, token) =
        operator.act(|conn, actor| links::invite(conn, actor, details, lifetime))?;
    let path = format!("/invitation?token={}", *token);
    link(operator, output, &invitation.details.email, &path, invitation.expires_at);
    Ok(())
}

fn reset_password(
    operator: &Operator,
    output: Output,
    person: &Administrator,
) -> anyhow::Result<()> {
    let (person, token) =
        operator.act(|conn, actor| links::start_reset(conn, actor, &person.id))?;
    let path = format!("/password-reset?token={}", *token);
    let expires_at = operator.clock.now() + links::RESET_LIFETIME;
    link(operator, output, &person.email, &path, expires_at);
    Ok(())
}

fn block(
    operator: &Operator,
    output: Output,
    network: &str,
    (long, reason): (&str, &str),
) -> anyhow::Result<()> {
    let length = length(long)?;
    let network = operator.act(|conn, actor| guard::block(conn, actor, network, length, reason))?;
    let object = json!({ "network": network });
    output.done(&format!("{network} cannot sign in for {long}."), &object);
    Ok(())
}

fn unblock(operator: &Operator, output: Output, network: &str) -> anyhow::Result<()> {
    operator
        .act(|conn, actor| guard::unblock(conn, actor, network))
        .or_missing("block of", network)?;
    output.done(&format!("{network} may sign in again."), &json!({ "network": network }));
    Ok(())
}

/// The link is the credential: it is on standard output alone, and once.
fn link(operator: &Operator, output: Output, email: &str, path: &str, expires_at: UnixTime) {
    let url = Zeroizing::new(operator.config.console_url(path));
    let expires = time(expires_at);
    if output.json {
        output.object(&json!({ "email": email, "link": *url, "expires_at": expires }));
    } else {
        output::note(&format!("For {email}, once, until {expires}:"));
        output::line(&*url);
    }
}

/// Reads 1h, 24h, 7d; what is allowed, the act says.
fn length(text: &str) -> anyhow::Result<Seconds> {
    read_overlap(text).map_err(|_| anyhow::anyhow!("{text:?} is no length, such as 24h or 7d"))
}

fn blocks(operator: &Operator, output: Output, listing: &Listing) -> anyhow::Result<()> {
    let columns = ["network", "ends_at", "created_by", "reason"];
    listing.print(output, &columns, |_, _| {
        let now = operator.clock.now();
        let all = operator.read(|conn| store::sign_ins::blocks(conn, now))?;
        let row = |block: &store::sign_ins::Block| {
            json!({
                "network": block.network,
                "reason": block.reason,
                "created_by": block.created_by,
                "created_at": time(block.created_at),
                "ends_at": time(block.ends_at),
            })
        };
        Ok(Page { rows: all.iter().map(row).collect(), next: None })
    })
}

fn limits(operator: &Operator) -> Limits {
    Limits {
        idle: Seconds(operator.config.session_idle_minutes.saturating_mul(60)),
        longest: Seconds(operator.config.session_hours.saturating_mul(3_600)),
    }
}

fn sessions_of(
    operator: &Operator,
    output: Output,
    person: &Administrator,
    listing: &Listing,
) -> anyhow::Result<()> {
    let columns = ["id", "address", "signed_in_at", "last_seen_at", "user_agent"];
    listing.print(output, &columns, |_, _| {
        let (limits, now) = (limits(operator), operator.clock.now());
        let live = operator.read(|conn| sessions::live(conn, &person.id, limits, now))?;
        let row = |session: &Session| {
            json!({
                "id": session.id,
                "address": session.address,
                "user_agent": session.user_agent,
                "signed_in_at": time(session.signed_in_at),
                "last_seen_at": time(session.last_seen_at),
            })
        };
        Ok(Page { rows: live.iter().map(row).collect(), next: None })
    })
}

fn end_sessions(
    operator: &Operator,
    output: Output,
    person: &Administrator,
    session: Option<&str>,
) -> anyhow::Result<()> {
    let which = session.map_or(Which::All, Which::One);
    let limits = limits(operator);
    let ended = operator
        .act(|conn, actor| sessions::revoke(conn, actor, &person.id, which, limits))
        .or_missing("session", session.unwrap_or_default())?;
    let sentence = format!("Sessions of {} that ended: {ended}.", person.email);
    output.done(&sentence, &json!({ "email": person.email, "ended": ended }));
    Ok(())
}

pub(super) fn find(operator: &Operator, email: &str) -> anyhow::Result<Administrator> {
    let find = |conn: &mut Conn| {
        store::administrators::find_by_email(conn, email)?.ok_or(admin::Error::NotFound)
    };
    let (person, _) = operator.find(find).or_missing("administrator", email)?;
    Ok(person)
}

/// Never from an argument: those are seen by everybody on the machine.
pub(super) fn read_password() -> anyhow::Result<String> {
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

pub(super) fn describe(person: &Administrator) -> Value {
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
