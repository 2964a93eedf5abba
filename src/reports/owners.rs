//! Who cares for an application now, for the tables of auditors.
use std::collections::HashMap;

use super::table::Cell;
use crate::store::{Conn, Error, application_owners, teams};
use crate::text;
use crate::texts::Text;

/// The names of who owns these applications now: people who may sign in, and
/// teams, of which it is said when nobody in them may.
pub fn of(conn: &mut Conn, client_ids: &[String]) -> Result<HashMap<String, Vec<Text>>, Error> {
    let mut owners: HashMap<String, Vec<Text>> = HashMap::new();
    for (client_id, name) in application_owners::names(conn, client_ids)? {
        owners.entry(client_id).or_default().push(Text::data(name));
    }
    let of_teams = teams::of_applications(conn, client_ids)?;
    let members = if of_teams.is_empty() { Vec::new() } else { teams::active_members(conn)? };
    for (client_id, team_id, name) in of_teams {
        let has_somebody = members.iter().any(|(id, _)| *id == team_id);
        let told = if has_somebody {
            text!("team {name}", name)
        } else {
            text!("team {name}, with nobody in it", name)
        };
        owners.entry(client_id).or_default().push(told);
    }
    Ok(owners)
}

/// What is written of an owner, and who owns it here; `nobody` for an orphan.
pub fn told(written: &str, owners: Option<&Vec<Text>>) -> Cell {
    let all = std::iter::once(Text::data(written)).chain(owners.into_iter().flatten().cloned());
    let all = Text::joined(all, "; ");
    Cell::said(if all.is_empty() { text!("nobody") } else { all })
}
