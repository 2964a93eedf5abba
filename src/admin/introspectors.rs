//! Acts on who may introspect tokens.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::role::Right;
use crate::store::registry::Touched;
use crate::store::{Conn, applications, introspectors, resources};

/// Which tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// All of them.
    Any,
    /// Those for this API, by its id.
    Resource(String),
}

/// Lets an application introspect tokens.
///
/// # Errors
/// * `Forbidden`; `NotFound`: no such application or API.
/// * `Conflict`: it may already.
pub fn add(conn: &mut Conn, actor: &Actor, of: &Of, client_id: &str) -> Result<(), Error> {
    set(conn, actor, of, client_id, true)
}

/// Takes that from it.
///
/// # Errors
/// * `Forbidden`; `NotFound`: no such application or API.
/// * `Conflict`: it may not anyway.
pub fn remove(conn: &mut Conn, actor: &Actor, of: &Of, client_id: &str) -> Result<(), Error> {
    set(conn, actor, of, client_id, false)
}

fn set(conn: &mut Conn, actor: &Actor, of: &Of, client_id: &str, may: bool) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let (what, changed) = match of {
        Of::Any => ("any token".to_owned(), introspectors::set_any(conn, client_id, may)?),
        Of::Resource(id) => {
            let resource = resources::find(conn, id)?.ok_or(Error::NotFound)?;
            let has = introspectors::all(conn, id)?.iter().any(|(known, _)| known == client_id);
            if may && !has {
                introspectors::insert(conn, id, client_id, actor.now)?;
            } else if !may && has {
                introspectors::delete(conn, id, client_id)?;
            }
            (resource.identifier, may != has)
        }
    };
    if !changed {
        let already = if may { "may introspect that already" } else { "may not introspect that" };
        return Err(Error::Conflict(format!("{} {already}.", application.details.name)));
    }
    let (code, change) = if may {
        ("introspector.added", ("introspects", String::new(), what))
    } else {
        ("introspector.removed", ("introspects", what, String::new()))
    };
    actor.record(
        conn,
        Done {
            code,
            target: ("application", client_id, &application.details.name),
            client_id: Some(client_id),
            changes: differences(&[change]),
            touched: Some(Touched::Client(client_id.to_owned())),
        },
    )
}
