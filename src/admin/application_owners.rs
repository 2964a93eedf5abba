//! Who cares for an application.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::role::Right;
use crate::model::team::Team;
use crate::store::{Conn, administrators, application_owners, applications, teams};

/// Who is to own an application, by id.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    pub people: Vec<String>,
    pub teams: Vec<String>,
}

/// Puts these people, by id, in the place of those who own the application; its
/// teams stay. See [`replace`].
///
/// # Errors
/// As [`replace`].
pub fn set(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    people: &[String],
) -> Result<(), Error> {
    let teams = teams::of_application(conn, client_id)?.into_iter().map(|team| team.id).collect();
    replace(conn, actor, client_id, Owners { people: people.to_vec(), teams })
}

/// Puts these people and teams in the place of those who own the application. It
/// matters for developers: others may what their role may, owners or not.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: there is no such application.
/// * `Invalid`: one of them is nobody.
pub fn replace(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    owners: Owners,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let people = once(owners.people);
    let before = application_owners::of_application(conn, client_id)?;
    let (before_names, names) = (names(conn, &before)?, names(conn, &people)?);
    if names.len() != people.len() {
        return Err(Error::field("owner", "One of these people is not there any more."));
    }
    let mut after = Vec::new();
    for id in once(owners.teams) {
        let gone = || Error::field("team", "One of these teams is not there any more.");
        after.push(teams::find(conn, &id)?.ok_or_else(gone)?);
    }
    let teams_before = teams::of_application(conn, client_id)?;
    let ids = |teams: &[Team]| once(teams.iter().map(|team| team.id.clone()).collect());
    if before == people && ids(&teams_before) == ids(&after) {
        return Ok(());
    }
    application_owners::set(conn, client_id, &people)?;
    teams::set_of_application(conn, client_id, &ids(&after))?;
    let named =
        |teams: &[Team]| teams.iter().map(|team| team.name.clone()).collect::<Vec<_>>().join(", ");
    let changes = differences(&[
        ("owners", before_names.join(", "), names.join(", ")),
        ("teams", named(&teams_before), named(&after)),
    ]);
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

/// Each once, in their order.
fn once(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn names(conn: &mut Conn, ids: &[String]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for id in ids {
        names.extend(administrators::find(conn, id)?.map(|person| person.name));
    }
    Ok(names)
}
