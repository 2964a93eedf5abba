//! The pages and the actions that a search may lead to.
use super::hit::Hit;
use crate::model::role::{Reach, Right, Role};
use crate::texts::en;

/// Path, title, other words for it, and what one must be allowed to.
type Place = (&'static str, &'static str, &'static str, Right);

const PLACES: [Place; 18] = [
    ("/", en("Overview"), "home start dashboard", Right::Read),
    ("/applications", en("Applications"), "clients services", Right::ReadApplication),
    ("/applications/new", en("New application"), "register create client", Right::ManageRegistry),
    ("/apis", en("APIs and scopes"), "resources audiences permissions", Right::Read),
    ("/apis/new", en("New API"), "register create resource", Right::ManageRegistry),
    ("/log", en("Audit log"), "requests tokens events", Right::Read),
    ("/log?outcome=refused", en("Refused requests"), "errors failures denied", Right::Read),
    ("/log/live", en("Live log"), "tail stream watch", Right::Read),
    ("/changes", en("Admin changes"), "history acts diff", Right::Read),
    ("/revocations", en("Revocations"), "revoked tokens", Right::Read),
    ("/revocations/new", en("Revoke tokens"), "leak stop kill", Right::ManageRegistry),
    ("/tester", en("Token tester"), "dry run try test", Right::Read),
    ("/tester/decoder", en("Look into a token"), "decode jwt claims", Right::Read),
    ("/keys", en("Signing keys"), "jwks rotation", Right::Read),
    ("/people", en("People and roles"), "administrators users", Right::ManageAdministrators),
    ("/sign-in-attempts", en("Sign-in attempts"), "guesses block", Right::ManageAdministrators),
    ("/settings", en("Settings"), "configuration environment", Right::Read),
    ("/profile", en("Your account"), "password preferences keyboard", Right::SignIn),
];

/// Those whose title or other words have a word that begins with each word of
/// `search`; all of them when it is empty.
pub fn find(search: &str, role: Role) -> Vec<Hit> {
    let search = search.to_lowercase();
    let fits = |(_, title, other, right): &&Place| {
        let words = format!("{} {other}", title.to_lowercase());
        let has = |start: &str| words.split_whitespace().any(|word| word.starts_with(start));
        role.reach(*right) != Reach::Nothing && search.split_whitespace().all(has)
    };
    let hit = |(path, title, ..): &Place| Hit::new(en("Page"), *title, *path).titled();
    PLACES.iter().filter(fits).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(search: &str, role: Role) -> Vec<String> {
        find(search, role).into_iter().map(|hit| hit.title).collect()
    }

    #[test]
    fn pages_are_found_by_other_words_and_only_by_who_may_open_them() {
        assert_eq!(titles("JWT", Role::Auditor), ["Look into a token"]);
        assert_eq!(titles("create cl", Role::Admin), ["New application"]);
        assert!(titles("create cl", Role::Auditor).is_empty());
        assert!(titles("people", Role::Admin).is_empty());
        assert_eq!(titles("", Role::Owner).len(), PLACES.len());
    }
}
