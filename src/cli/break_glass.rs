//! `countersign administrator break-glass`.
use super::administrators::{describe, find, read_password};
use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::{self, administrators, break_glass};
use crate::model::administrator::{Administrator, AdministratorDetails};

/// Makes an account one, and the account if it has a name; or an account like
/// others again.
pub fn run(
    operator: &Operator,
    output: Output,
    email: &str,
    (name, end): (Option<&str>, bool),
) -> anyhow::Result<()> {
    let (person, is) = if end {
        (stop(operator, email)?, "an account like others")
    } else {
        (make(operator, email, name)?, "a break-glass account")
    };
    output.done(&format!("{} is {is}.", person.email), &describe(&person));
    Ok(())
}

fn stop(operator: &Operator, email: &str) -> anyhow::Result<Administrator> {
    let person = find(operator, email)?;
    operator
        .act(|conn, actor| break_glass::end(conn, actor, &person.id))
        .or_missing("break-glass account", &person.email)?;
    Ok(person)
}

fn make(operator: &Operator, email: &str, name: Option<&str>) -> anyhow::Result<Administrator> {
    let Some(name) = name else {
        let person = find(operator, email)?;
        operator.act(|conn, actor| break_glass::make(conn, actor, &person.id))?;
        return Ok(person);
    };
    let details =
        AdministratorDetails::read(email, name, "owner").map_err(admin::Error::Invalid)?;
    let hash = read_password()?;
    operator.act(|conn, actor| {
        let person = administrators::create(conn, actor, details.clone(), &hash)?;
        break_glass::make(conn, actor, &person.id)?;
        Ok(person)
    })
}
