//! What an application may ask for at a resource.
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
