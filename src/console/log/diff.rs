//! A field before and after an act.
use super::words;
use crate::model::audit_event::Change;
use crate::model::grant::Access;

pub struct Diff {
    pub field: String,
    pub before: String,
    pub after: String,
    /// Of a list of words: what went, what came, and what stayed.
    pub set: Option<Set>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Set {
    pub removed: Vec<String>,
    pub added: Vec<String>,
    pub kept: Vec<String>,
}

/// The fields whose text is a set of words.
const SETS: [&str; 3] = ["scopes", "scope", "introspects"];

impl Diff {
    pub fn new(change: &Change) -> Self {
        let set = if change.before == change.after && !change.after.is_empty() {
            // It says what the others are about.
            Some(Set::kept(&change.after))
        } else {
            let is_set = SETS.contains(&change.field.as_ref());
            is_set.then(|| Set::new(&change.before, &change.after)).filter(Set::is_worth_it)
        };
        Self {
            field: words::field(&change.field),
            before: change.before.clone(),
            after: change.after.clone(),
            set,
        }
    }

    /// The fields of an act, without those that only lead elsewhere.
    pub fn all(changes: &[Change]) -> Vec<Self> {
        changes.iter().filter(|change| change.field != "revocation").map(Self::new).collect()
    }
}

impl Set {
    fn new(before: &str, after: &str) -> Self {
        let all = Access::All.to_string();
        let words = |text: &str| -> Vec<String> {
            if text == all {
                return vec![all.clone()];
            }
            text.split_whitespace().map(str::to_owned).collect()
        };
        let (before, after) = (words(before), words(after));
        let (kept, removed) = before.into_iter().partition(|word| after.contains(word));
        let kept: Vec<String> = kept;
        let added = after.into_iter().filter(|word| !kept.contains(word)).collect();
        Self { removed, added, kept }
    }

    fn kept(text: &str) -> Self {
        Self { removed: Vec::new(), added: Vec::new(), kept: vec![text.to_owned()] }
    }

    fn is_worth_it(&self) -> bool {
        self.removed.len() + self.added.len() + self.kept.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_scopes_is_told_as_what_came_and_went() {
        let change = |before: &str, after: &str| Change {
            field: "scopes".into(),
            before: before.into(),
            after: after.into(),
        };
        let set = Diff::new(&change("a b", "b c")).set.unwrap();
        assert_eq!(
            (set.removed, set.added, set.kept),
            (vec!["a".into()], vec!["c".into()], vec!["b".into()])
        );
        assert_eq!(Diff::new(&change("", "a")).set, None, "one word needs no set");

        let every = Access::All.to_string();
        let set = Diff::new(&change("a b", &every)).set.unwrap();
        assert_eq!((set.removed.len(), set.added, set.kept.len()), (2, vec![every], 0));
    }

    #[test]
    fn what_stayed_as_it_was_is_not_told_as_a_change() {
        let same = "https://api.example.com/billing".to_owned();
        let change = Change { field: "resource".into(), before: same.clone(), after: same.clone() };
        assert_eq!(Diff::new(&change).set, Some(Set::kept(&same)));
    }
}
