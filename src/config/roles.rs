//! A list of roles, as it is configured.
use crate::model::role::Role;

/// Reads roles that are separated by commas.
///
/// # Errors
/// The sentence for the operator.
pub fn roles(text: &str) -> Result<Vec<Role>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let wrong = || format!("{word:?} is none of owner, admin, developer, auditor");
            Role::parse(word).ok_or_else(wrong)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_nobody_knows_is_not_passed_over() {
        assert_eq!(roles(""), Ok(vec![]));
        assert_eq!(roles("owner, admin"), Ok(vec![Role::Owner, Role::Admin]));
        assert!(roles("owner,root").unwrap_err().contains("root"));
    }
}
