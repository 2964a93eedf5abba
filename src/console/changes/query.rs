//! What the list of changes is narrowed to.
use serde::Deserialize;

use crate::console::form::FieldErrors;
use crate::console::link;
use crate::console::log::called::ACTS;
use crate::console::log::query::ends;
use crate::store::audit_log::{ActFilter, Filter};

/// The parameters as they came. Empty: not narrowed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Query {
    /// The name of who did it.
    pub actor: String,
    /// The id of what it was done to.
    pub target: String,
    pub action: String,
    pub from: String,
    pub to: String,
    pub before: String,
}

impl Query {
    /// Without spaces around values, and without actions that nobody knows.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        for text in [
            &mut self.actor,
            &mut self.target,
            &mut self.action,
            &mut self.from,
            &mut self.to,
            &mut self.before,
        ] {
            *text = text.trim().to_owned();
        }
        if !ACTS.iter().any(|(code, _)| *code == self.action) {
            self.action.clear();
        }
        self
    }

    /// The shortest query that says the same.
    pub fn to_text(&self) -> String {
        let pairs = [
            ("actor", &self.actor),
            ("target", &self.target),
            ("action", &self.action),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &self.before),
        ];
        link::query(pairs)
    }

    pub fn href(&self) -> String {
        link::to("/changes", &self.to_text())
    }

    /// The path of all that it leaves as a file.
    pub fn file_href(&self) -> String {
        let query = Self { before: String::new(), ..self.clone() }.to_text();
        link::to("/changes.csv", &query)
    }

    /// # Errors
    /// `from` or `to` cannot be read.
    pub fn filter(&self) -> Result<Filter, FieldErrors> {
        let (from, to) = ends(&self.from, &self.to)?;
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let act = ActFilter {
            changes_only: true,
            actor: given(&self.actor),
            target: given(&self.target),
            code: given(&self.action),
        };
        Ok(Filter { from, to, act, ..Filter::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_written_without_what_goes_without_saying() {
        let query = Query {
            actor: " Ada ".into(),
            action: "token.issued".into(),
            from: "2026-11-23".into(),
            ..Query::default()
        };
        assert_eq!(query.tidy().href(), "/changes?actor=Ada&from=2026-11-23");
        assert_eq!(Query::default().href(), "/changes");
        let wrong = Query { to: "tomorrow".into(), ..Query::default() };
        assert!(wrong.filter().unwrap_err().of("to").is_some());
    }
}
