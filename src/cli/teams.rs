//! `countersign team`.
use clap::Subcommand;
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{Output, time};
use crate::admin::{self, teams};
use crate::model::page::Page;
use crate::model::team::Team;
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Make a team.
    Create {
        name: String,
        /// The address of somebody in it; may be repeated.
        #[arg(long)]
        member: Vec<String>,
    },
    /// List teams.
    List(Listing),
    /// Show who is in a team and what it owns.
    Show { name: String },
    /// Put somebody into a team.
    Add { name: String, email: String },
    /// Take somebody out of a team, and the right to its applications from them.
    Remove { name: String, email: String },
    /// Delete a team; its applications have one owner less.
    Delete { name: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Create { name, member } => {
                let people = member.iter().map(|email| person(operator, email));
                let people = people.collect::<anyhow::Result<Vec<_>>>()?;
                operator.act(|conn, actor| teams::create(conn, actor, &name, &people))?;
                show(operator, output, &name)
            }
            Self::List(listing) => {
                listing.print(output, &["name", "people", "applications", "id"], |_, _| {
                    let (all, counts) = operator
                        .read(|conn| Ok((store::teams::all(conn)?, store::teams::counts(conn)?)))?;
                    let row = |team: &Team| {
                        let counted = counts.iter().find(|(id, ..)| *id == team.id);
                        let (people, owned) =
                            counted.map_or((0, 0), |(_, people, owned)| (*people, *owned));
                        json!({
                            "name": team.name,
                            "people": people,
                            "applications": owned,
                            "id": team.id,
                        })
                    };
                    Ok(Page { rows: all.iter().map(row).collect(), next: None })
                })
            }
            Self::Show { name } => show(operator, output, &name),
            Self::Add { name, email } => {
                let person = person(operator, &email)?;
                change(operator, &name, |people| people.push(person))?;
                show(operator, output, &name)
            }
            Self::Remove { name, email } => {
                let person = person(operator, &email)?;
                change(operator, &name, |people| people.retain(|id| *id != person))?;
                show(operator, output, &name)
            }
            Self::Delete { name } => {
                let team = find(operator, &name)?;
                operator.act(|conn, actor| teams::delete(conn, actor, &team.id))?;
                let object = json!({ "id": team.id, "name": team.name });
                output.done(&format!("Deleted team {}.", team.name), &object);
                Ok(())
            }
        }
    }
}

/// The id of the team of this name.
pub fn id(operator: &Operator, name: &str) -> anyhow::Result<String> {
    Ok(find(operator, name)?.id)
}

/// The id of who signs in with this address.
pub fn person(operator: &Operator, email: &str) -> anyhow::Result<String> {
    let find = |conn: &mut Conn| {
        store::administrators::find_by_email(conn, email)?.ok_or(admin::Error::NotFound)
    };
    Ok(operator.find(find).or_missing("administrator", email)?.0.id)
}

fn find(operator: &Operator, name: &str) -> anyhow::Result<Team> {
    let find =
        |conn: &mut Conn| store::teams::find_by_name(conn, name)?.ok_or(admin::Error::NotFound);
    operator.find(find).or_missing("team", name)
}

fn change(
    operator: &Operator,
    name: &str,
    change: impl FnOnce(&mut Vec<String>),
) -> anyhow::Result<()> {
    let team = find(operator, name)?;
    operator.act(|conn, actor| {
        let mut people = store::teams::members(conn, &team.id)?;
        change(&mut people);
        teams::update(conn, actor, &team.id, team.version, (&team.name, &people))
    })
}

fn show(operator: &Operator, output: Output, name: &str) -> anyhow::Result<()> {
    let team = find(operator, name)?;
    let read = |conn: &mut Conn| {
        let mut people: Vec<Value> = Vec::new();
        for id in store::teams::members(conn, &team.id)? {
            let found = store::administrators::find(conn, &id)?;
            people.extend(found.map(|person| person.email.into()));
        }
        Ok((people, store::teams::applications(conn, &team.id, 1_000)?))
    };
    let (people, owned) = operator.read(read)?;
    let owned: Vec<Value> = owned.into_iter().map(|(client_id, _)| client_id.into()).collect();
    output.object(&json!({
        "id": team.id,
        "name": team.name,
        "members": people,
        "applications": owned,
        "created_at": time(team.created_at),
    }));
    Ok(())
}
