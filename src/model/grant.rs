//! What an application may ask for at a resource.
use serde::{Deserialize, Serialize};

use super::resource::Scope;

/// Application × resource × scopes, as an administrator sees it.
#[derive(Clone, Debug)]
pub struct Grant {
    pub client_id: String,
    pub resource_id: String,
    pub resource_identifier: String,
    pub resource_name: String,
    pub access: Access,
}

/// Which of a resource's scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// All it has now and will have.
    All,
    /// These, in alphabetical order.
    Scopes(Vec<String>),
}

impl Grant {
    /// Whether `scope` may be asked for.
    pub fn holds(&self, scope: &Scope) -> bool {
        match &self.access {
            Access::All => true,
            Access::Scopes(scopes) => scopes.contains(&scope.name),
        }
    }
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all current and future scopes"),
            Self::Scopes(scopes) => f.write_str(&scopes.join(" ")),
        }
    }
}

/// Reads `URI=scope,scope` or `URI=*`.
///
/// # Errors
/// What is wrong with it, for who wrote it.
pub fn parse(text: &str) -> Result<(String, Access), String> {
    let (resource, scopes) = text
        .rsplit_once('=')
        .filter(|(resource, _)| !resource.is_empty())
        .ok_or_else(|| format!("{text:?} is no grant: write URI=scope,scope or URI=*"))?;
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
