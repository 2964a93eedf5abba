//! What is marked as sensitive, and is given by two persons.
use serde::{Deserialize, Serialize};

use super::grant::Access;

/// What is marked at an API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// Whatever is granted at it.
    pub resource: bool,
    /// These scopes.
    pub scopes: Vec<String>,
}

impl Marks {
    pub fn any(&self) -> bool {
        self.resource || !self.scopes.is_empty()
    }

    /// What is marked here and was not in `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let is_new = |scope: &&String| !before.scopes.contains(scope);
        Self {
            resource: self.resource && !before.resource,
            scopes: self.scopes.iter().filter(is_new).cloned().collect(),
        }
    }

    /// Whether `wanted` in the place of `held` gives something that is marked.
    /// What is held already is not given, and what is taken away needs nobody.
    pub fn are_given(&self, held: Option<&Access>, wanted: Option<&Access>) -> bool {
        let holds = |scope: &String| match held {
            Some(Access::All) => true,
            Some(Access::Scopes(names)) => names.contains(scope),
            None => false,
        };
        match wanted {
            None => false,
            Some(Access::All) => held != Some(&Access::All) && self.any(),
            Some(Access::Scopes(names)) => {
                let given: Vec<&String> = names.iter().filter(|name| !holds(name)).collect();
                let is_more = held.is_none() || !given.is_empty();
                (self.resource && is_more) || given.iter().any(|name| self.scopes.contains(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Access {
        Access::Scopes(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn only_what_is_marked_and_new_is_given() {
        let marks = Marks { resource: false, scopes: vec!["pay".into()] };
        let held = scopes(&["pay", "read"]);
        for (before, after, given) in [
            (None, Some(scopes(&["read"])), false),
            (None, Some(scopes(&["pay"])), true),
            (None, Some(Access::All), true),
            (Some(scopes(&["read"])), Some(scopes(&["pay", "read"])), true),
            (Some(held.clone()), Some(scopes(&["pay"])), false),
            (Some(held.clone()), Some(Access::All), true),
            (Some(Access::All), Some(held.clone()), false),
            (Some(Access::All), Some(Access::All), false),
            (Some(held), None, false),
        ] {
            assert_eq!(
                marks.are_given(before.as_ref(), after.as_ref()),
                given,
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn at_a_sensitive_api_anything_new_is_given() {
        let marks = Marks { resource: true, scopes: vec![] };
        let (read, both) = (scopes(&["read"]), scopes(&["read", "write"]));
        assert!(marks.are_given(None, Some(&scopes(&[]))), "to call it is something");
        assert!(marks.are_given(Some(&read), Some(&both)));
        assert!(!marks.are_given(Some(&both), Some(&read)));
        assert!(!Marks::default().are_given(None, Some(&Access::All)));
    }
}
