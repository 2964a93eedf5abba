//! Acts on files with applications.
use std::collections::{BTreeSet, HashMap};

use zeroize::Zeroizing;

use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error};
use crate::model::audit_event::{Change, Event, Outcome, Target};
use crate::model::grant::Access;
use crate::model::import::{Credential, Row};
use crate::model::mark::Marks;
use crate::model::role::Right;
use crate::model::secret::{NewSecret, Secret};
use crate::oauth::client_secret::{self, Digest};
use crate::store::history::Act;
use crate::store::imports::{self, Import, Prepared};
use crate::store::{Conn, audit_chains, resources, scopes};

/// What became of a row.
pub enum Taken {
    Imported {
        client_id: String,
        secret_id: Option<String>,
        /// The value of a secret that was made, which nobody can read again.
        secret: Option<Zeroizing<String>>,
    },
    /// Its external id is this application's already.
    Skipped {
        client_id: String,
    },
    Refused(String),
}

/// A row of the file: its line there, and what it says or why it says nothing.
pub struct Line {
    pub number: u64,
    pub row: Result<Row, String>,
}

/// Begins to take in a file, with the digest of no rows and the length of what
/// the file with the results says before the first.
///
/// # Errors
/// `Forbidden`.
pub fn begin(
    conn: &mut Conn,
    actor: &Actor,
    (id, source): (&str, &str),
    rows_digest: Vec<u8>,
    results_bytes: i64,
) -> Result<Import, Error> {
    actor.must(Right::ManageRegistry)?;
    let import = Import {
        id: id.to_owned(),
        source: source.to_owned(),
        begun_by: actor.name(),
        begun_at: actor.now.0,
        finished_at: None,
        rows_read: 0,
        rows_digest,
        results_bytes,
        imported: 0,
        skipped: 0,
        refused: 0,
    };
    imports::begin(conn, &import)?;
    actor.record(conn, done("import.begun", &import, Vec::new()))?;
    Ok(import)
}

/// Takes in rows, each application with an event of its own, and says of each
/// what became of it, in their order. Nobody can have asked for the client ids
/// that are made here, so nobody's view of the registry changes.
///
/// # Errors
/// * `Forbidden`.
/// * `Store`: another import took in one of them meanwhile.
pub fn take(
    conn: &mut Conn,
    actor: &Actor,
    import: &Import,
    lines: Vec<Line>,
) -> Result<Vec<Taken>, Error> {
    actor.must(Right::ManageRegistry)?;
    let mut owners = owners(conn, &lines)?;
    let mut apis = Apis::default();
    let mut taken = Vec::with_capacity(lines.len());
    let (mut all, mut events) = (Vec::new(), Vec::new());
    for Line { number, row } in lines {
        let judged = match row {
            Ok(row) => judge(conn, row, &owners, &mut apis)?,
            Err(why) => Judged::Refused(why),
        };
        taken.push(match judged {
            Judged::Refused(why) => Taken::Refused(why),
            Judged::Owned(client_id) => Taken::Skipped { client_id },
            Judged::New(row, grants) => {
                let (new, value, event) = prepare(actor, import, number, *row, grants);
                owners.insert(new.external_id.clone(), new.client_id.clone());
                let told = Taken::Imported {
                    client_id: new.client_id.clone(),
                    secret_id: new.secret.as_ref().map(|(secret, _)| secret.id.clone()),
                    secret: value,
                };
                all.push(new);
                events.push(event);
                told
            }
        });
    }
    imports::insert(conn, &import.id, &all, actor.now)?;
    // Last: it locks the chain that a running server may write to.
    audit_chains::append(conn, &actor.chain, &events)?;
    Ok(taken)
}

/// What would become of rows: `None` for one that would be taken in, else why
/// not.
pub fn rehearse(conn: &mut Conn, lines: Vec<Line>) -> Result<Vec<Option<Taken>>, Error> {
    let mut owners = owners(conn, &lines)?;
    let mut apis = Apis::default();
    let mut told = Vec::with_capacity(lines.len());
    for Line { row, .. } in lines {
        let judged = match row {
            Ok(row) => judge(conn, row, &owners, &mut apis)?,
            Err(why) => Judged::Refused(why),
        };
        told.push(match judged {
            Judged::Refused(why) => Some(Taken::Refused(why)),
            Judged::Owned(client_id) => Some(Taken::Skipped { client_id }),
            Judged::New(row, _) => {
                owners.insert(row.external_id, String::new());
                None
            }
        });
    }
    Ok(told)
}

/// Writes how far `import` came since `rows_before`.
///
/// # Errors
/// `Conflict`: somebody else goes on with it.
pub fn advance(conn: &mut Conn, import: &Import, rows_before: i64) -> Result<(), Error> {
    if imports::advance(conn, import, rows_before)? {
        return Ok(());
    }
    Err(Error::Conflict("Somebody else goes on with this import.".to_owned()))
}

/// Ends it, with the sums and the SHA-256 of the whole file in the log.
///
/// # Errors
/// `Forbidden`; `Conflict` as [`advance`].
pub fn finish(
    conn: &mut Conn,
    actor: &Actor,
    import: &mut Import,
    digest: &str,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    import.finished_at = Some(actor.now.0);
    advance(conn, import, import.rows_read)?;
    let sums = [
        ("rows", import.rows_read),
        ("imported", import.imported),
        ("skipped", import.skipped),
        ("refused", import.refused),
    ];
    let mut fields: Vec<(&'static str, String, String)> =
        sums.map(|(name, sum)| (name, String::new(), sum.to_string())).to_vec();
    fields.push(("file_sha256", String::new(), digest.to_owned()));
    actor.record(conn, done("import.finished", import, differences(&fields)))
}

enum Judged {
    New(Box<Row>, Vec<(String, Access)>),
    Owned(String),
    Refused(String),
}

/// The applications that have the external ids of these rows.
fn owners(conn: &mut Conn, lines: &[Line]) -> Result<HashMap<String, String>, Error> {
    let rows = lines.iter().filter_map(|line| line.row.as_ref().ok());
    let external: Vec<&str> = rows.map(|row| row.external_id.as_str()).collect();
    Ok(imports::taken(conn, &external)?.into_iter().collect())
}

fn judge(
    conn: &mut Conn,
    row: Row,
    owners: &HashMap<String, String>,
    apis: &mut Apis,
) -> Result<Judged, Error> {
    if let Some(client_id) = owners.get(&row.external_id) {
        return Ok(Judged::Owned(client_id.clone()));
    }
    let mut grants = Vec::with_capacity(row.grants.len());
    for (identifier, access) in &row.grants {
        let Some(api) = apis.find(conn, identifier)? else {
            return Ok(Judged::Refused(format!("There is no API {identifier}.")));
        };
        let access = match access {
            Access::All => Access::All,
            Access::Scopes(names) => {
                let names: BTreeSet<&String> = names.iter().collect();
                if let Some(name) = names.iter().find(|name| !api.scopes.contains(**name)) {
                    return Ok(Judged::Refused(format!("{identifier} has no scope {name}.")));
                }
                Access::Scopes(names.into_iter().cloned().collect())
            }
        };
        if api.marks.are_given(None, Some(&access)) {
            return Ok(Judged::Refused(format!(
                "{identifier}: this is sensitive and takes two persons. Leave it out, and ask for \
                 it once the application is here."
            )));
        }
        grants.push((api.id.clone(), access));
    }
    Ok(Judged::New(Box::new(row), grants))
}

/// The APIs that were asked for so far, by identifier.
#[derive(Default)]
struct Apis(HashMap<String, Option<Api>>);

struct Api {
    id: String,
    scopes: BTreeSet<String>,
    marks: Marks,
}

impl Apis {
    fn find(&mut self, conn: &mut Conn, identifier: &str) -> Result<Option<&Api>, Error> {
        if !self.0.contains_key(identifier) {
            let api = match resources::find_by_identifier(conn, identifier)? {
                None => None,
                Some(found) => {
                    let marks = gate::marks(conn, std::slice::from_ref(&found.id))?.pop();
                    let marks = marks.map(|(_, marks)| marks).unwrap_or_default();
                    let scopes = scopes::all(conn, &found.id)?;
                    let scopes = scopes.into_iter().map(|scope| scope.name).collect();
                    Some(Api { id: found.id, scopes, marks })
                }
            };
            self.0.insert(identifier.to_owned(), api);
        }
        Ok(self.0.get(identifier).and_then(Option::as_ref))
    }
}

fn prepare(
    actor: &Actor,
    import: &Import,
    number: u64,
    row: Row,
    grants: Vec<(String, Access)>,
) -> (Prepared, Option<Zeroizing<String>>, Event) {
    let client_id = actor.entropy.client_id(actor.now);
    let (secret, value) = match &row.secret {
        Credential::None => (None, None),
        Credential::Known(new, digest) => {
            (Some((secret(actor, &client_id, new, String::new()), *digest)), None)
        }
        Credential::Generate(new) => {
            let value = client_secret::compose(&actor.entropy.bytes());
            let made = secret(actor, &client_id, new, client_secret::hint(&value));
            (Some((made, Digest::of(&value))), Some(value))
        }
    };
    let mut event = actor.event("application.created", Outcome::Success);
    event.target = Some(Target {
        kind: "application".into(),
        id: client_id.clone(),
        name: row.details.name.clone(),
    });
    event.client_id = Some(client_id.clone());
    event.changes = changes(&row, secret.as_ref().map(|(secret, _)| secret));
    event.detail = Some(format!("line {number} of {} ({})", import.source, import.id));
    let act = Act { event_id: event.id.clone(), at: actor.now };
    let (external_id, details) = (row.external_id, row.details);
    (Prepared { client_id, external_id, details, grants, secret, act }, value, event)
}

fn secret(actor: &Actor, client_id: &str, new: &NewSecret, hint: String) -> Secret {
    Secret {
        id: actor.entropy.id("sec_", actor.now),
        client_id: client_id.to_owned(),
        name: new.name.clone(),
        hint,
        created_by: actor.name(),
        created_at: actor.now,
        expires_at: new.lifetime.map(|lifetime| actor.now + lifetime),
        revoked_at: None,
        last_used_at: None,
    }
}

/// All that the application got, in one event where acts by hand write several.
fn changes(row: &Row, secret: Option<&Secret>) -> Vec<Change> {
    let details = &row.details;
    let lifetime = details.token_lifetime.map(|seconds| seconds.0.to_string());
    let mut fields = vec![
        ("name", String::new(), details.name.clone()),
        ("description", String::new(), details.description.clone()),
        ("owner", String::new(), details.owner.clone()),
        ("contact", String::new(), details.contact.clone()),
        ("token_lifetime_seconds", String::new(), lifetime.unwrap_or_default()),
        ("external_id", String::new(), row.external_id.clone()),
    ];
    for (identifier, access) in &row.grants {
        fields.push(("grant", String::new(), format!("{identifier}: {access}")));
    }
    if let Some(secret) = secret {
        fields.push(("secret", String::new(), format!("{} ({})", secret.name, secret.id)));
    }
    differences(&fields)
}

fn done<'a>(code: &'static str, import: &'a Import, changes: Vec<Change>) -> Done<'a> {
    Done {
        code,
        target: ("import", &import.id, &import.source),
        client_id: None,
        changes,
        touched: None,
    }
}
