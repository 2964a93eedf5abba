//! `countersign grant`.
use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::grants;
use crate::model::grant::Access;

#[derive(Subcommand)]
pub enum Command {
    /// Put scopes in the place of what the application held at the API.
    Set {
        client_id: String,
        /// `URI=scope,scope`, or `URI=*` for all current and future scopes.
        grant: String,
    },
    /// Take away everything the application holds at the API.
    Remove { client_id: String, resource: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Set { client_id, grant } => {
                let (resource, access) = parse(&grant)?;
                operator
                    .act(|conn, actor| grants::set(conn, actor, &client_id, &resource, &access))
                    .or_missing("application", &client_id)?;
                let object = json!({
                    "client_id": client_id,
                    "resource": resource,
                    "scopes": access.to_string(),
                });
                output.done(&format!("{client_id} now holds {access} at {resource}."), &object);
            }
            Self::Remove { client_id, resource } => {
                operator
                    .act(|conn, actor| grants::remove(conn, actor, &client_id, &resource))
                    .or_missing(&format!("grant of {client_id} at"), &resource)?;
                let object = json!({ "client_id": client_id, "resource": resource });
                output.done(&format!("{client_id} holds nothing at {resource} now."), &object);
            }
        }
        Ok(())
    }
}

/// Reads `URI=scope,scope` or `URI=*`.
pub fn parse(text: &str) -> anyhow::Result<(String, Access)> {
    let (resource, scopes) = text
        .rsplit_once('=')
        .filter(|(resource, _)| !resource.is_empty())
        .with_context(|| format!("{text:?} is no grant: write URI=scope,scope or URI=*"))?;
    let access = match scopes {
        "*" => Access::All,
        list => Access::Scopes(
            list.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect(),
        ),
    };
    Ok((resource.to_owned(), access))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_resource_and_its_scopes() {
        let (resource, access) = parse("https://a.example/b=x:read, y").unwrap();
        assert_eq!(resource, "https://a.example/b");
        assert_eq!(access, Access::Scopes(vec!["x:read".into(), "y".into()]));
        assert_eq!(parse("urn:a=*").unwrap().1, Access::All);
        assert_eq!(parse("urn:a=").unwrap().1, Access::Scopes(vec![]));
        assert!(parse("urn:a").is_err() && parse("=x").is_err());
    }
}
