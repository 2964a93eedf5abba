//! Who cares for an application.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::role::Right;
use crate::store::{Conn, administrators, application_owners, applications};

/// Puts these people, by id, in the place of those who own the application. It
/// matters for developers: others may what their role may, owners or not.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: there is no such application.
/// * `Invalid`: one of them is nobody.
pub fn set(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    people: &[String],
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let mut people = people.to_vec();
    people.sort_unstable();
    people.dedup();
    let before = application_owners::of_application(conn, client_id)?;
    let (before_names, names) = (names(conn, &before)?, names(conn, &people)?);
    if names.len() != people.len() {
        return Err(Error::field("owner", "One of these people is not there any more."));
    }
    if before == people {
        return Ok(());
    }
    application_owners::set(conn, client_id, &people)?;
    let changes = differences(&[("owners", before_names.join(", "), names.join(", "))]);
    let target = ("application", client_id, application.details.name.as_str());
    actor.record(
        conn,
        Done {
            code: "application.owners_changed",
            target,
            client_id: Some(client_id),
            changes,
            touched: None,
        },
    )
}

fn names(conn: &mut Conn, ids: &[String]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for id in ids {
        names.extend(administrators::find(conn, id)?.map(|person| person.name));
    }
    Ok(names)
}
