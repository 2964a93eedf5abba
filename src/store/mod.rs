//! The database. The only folder that names Diesel.
//!
//! A query is a function that takes a connection first; the caller owns the
//! transaction ([`Store::read`], [`Store::write`]). Six verbs: `find`, `page`
//! (or `all` where there are few), `insert`, `delete`, `count`, and the
//! domain's own verb for an update. "Not there" is never an error.
pub mod administrators;
pub mod application_owners;
pub mod applications;
pub mod approvals;
pub mod attention;
pub mod audit_batches;
pub mod audit_chains;
pub mod audit_filter;
pub mod audit_log;
pub mod audit_parts;
pub mod audit_redactions;
pub mod audit_retention;
mod audit_rows;
pub mod audit_seals;
mod audit_search;
pub mod audit_tree;
pub mod audit_verification;
pub mod authenticator_apps;
pub mod break_glass;
pub mod chain_heads;
mod checkpoint;
pub mod clients;
mod connection;
pub mod days;
pub mod deletions;
pub mod dismissals;
mod fault;
pub mod grants;
pub mod heavy_use;
pub mod history;
pub mod holdings;
mod holds;
pub mod identities;
pub mod imports;
pub mod introspectors;
pub mod invitations;
pub mod limits;
pub mod migrations;
pub mod openid_flows;
pub mod passkey_challenges;
pub mod passkeys;
pub mod password_resets;
mod pool;
pub mod recovery_codes;
pub mod registry;
pub mod resources;
pub mod revocations;
pub mod routes;
mod schema;
pub mod scopes;
pub mod secrets;
pub mod sessions;
pub mod setup_links;
pub mod sign_ins;
pub mod signing_keys;
pub mod spans;
mod statement;
pub mod status_lists;
pub mod streams;
pub mod tallies;
pub mod teams;
pub mod usage;
pub mod uses;

pub use checkpoint::{Checkpoint, Flushed};
pub use connection::{Conn, Database};
pub use fault::Fault;
pub use pool::{Files, Store};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique or foreign key stands against it.
    #[error("conflicts with what is stored: {0}")]
    Conflict(String),
    /// A stored value that our code cannot have written.
    #[error("cannot read {column} of {table} {id}")]
    Corrupt { table: &'static str, column: &'static str, id: String },
    /// The database is away, slow, full or of another version.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::{ForeignKeyViolation, UniqueViolation};
        match error {
            diesel::result::Error::DatabaseError(UniqueViolation | ForeignKeyViolation, info) => {
                Self::Conflict(info.message().to_owned())
            }
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Whether a text is the whole of a client id: nothing else is looked for then.
fn is_client_id(text: &str) -> bool {
    text.len() == 26 && text.starts_with("m2m_")
}

/// `text` as a pattern for `LIKE … ESCAPE '\'` that matches it anywhere.
fn containing(text: &str) -> String {
    format!("%{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
