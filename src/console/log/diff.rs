//! A field before and after an act.
use super::called;
use crate::console::duration;
use crate::console::moment::Moment;
use crate::model::audit_event::Change;
use crate::model::grant::Access;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::texts::Text;

pub struct Diff {
    pub field: Text,
    pub before: Side,
    pub after: Side,
    /// Of a list of words: what went, what came, and what stayed.
    pub set: Option<Set>,
}

/// What a field was, or is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Empty: nothing.
    pub text: Text,
    /// Of a moment, for `datetime`.
    pub iso: Option<String>,
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
            field: called::field(&change.field),
            before: Side::new(change, &change.before),
            after: Side::new(change, &change.after),
            set,
        }
    }

    /// The fields of an act, without those that only lead elsewhere.
    pub fn all(changes: &[Change]) -> Vec<Self> {
        changes.iter().filter(|change| change.field != "revocation").map(Self::new).collect()
    }
}

impl Side {
    /// What was recorded of one side of `change`. What is no moment and no length,
    /// though it should be one, is told as it is.
    fn new(change: &Change, recorded: &str) -> Self {
        let data = || Self { text: Text::data(recorded), iso: None };
        if change.is_of_moments() {
            return match recorded {
                "none" => Self::default(),
                _ => change.moment(recorded).map_or_else(data, Self::at),
            };
        }
        let is_length = change.field.ends_with("_seconds");
        let seconds = recorded.parse().ok().filter(|_| is_length);
        seconds
            .map_or_else(data, |seconds| Self { text: duration::text(Seconds(seconds)), iso: None })
    }

    fn at(at: UnixTime) -> Self {
        let Moment { iso, full, .. } = Moment::new(at, at);
        Self { text: full, iso: Some(iso) }
    }

    pub fn is_nothing(&self) -> bool {
        self.text.is_empty()
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

    #[test]
    fn moments_and_lengths_are_told_as_everywhere_else() {
        let told = |field: &'static str, before: &str, after: &str| {
            let change = Change { field: field.into(), before: before.into(), after: after.into() };
            let diff = Diff::new(&change);
            (diff.before, diff.after)
        };
        let text = |text: &str| Side { text: Text::data(text), iso: None };
        let (none, end) = told("expires_at", "none", "1795442400");
        assert!(none.is_nothing());
        assert_eq!(end.text, "23 Nov 2026, 14:00:00 UTC");
        assert_eq!(end.iso.as_deref(), Some("2026-11-23T14:00:00.000Z"));
        assert_eq!(told("until", "", "2026-11-23T14:00:00Z").1, end);
        assert_eq!(told("until", "", "never").1, text("never"));
        let (before, after) = told("token_lifetime_seconds", "3600", "900");
        assert_eq!(
            (before.text.to_string(), after.text.to_string()),
            ("1 hour".into(), "15 minutes".into())
        );
        assert_eq!(told("rows", "3600", "0").0, text("3600"));
        assert_eq!(told("lifetime_seconds", "long", "").0, text("long"));
    }
}
