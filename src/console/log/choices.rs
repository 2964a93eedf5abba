//! What the fields of the filter form offer.
use super::query::{PERIODS, Query};
use super::words;
use crate::store::applications::{self, Filter};
use crate::store::{Conn, Error, resources};

/// The most names in one select; above it, a field to type into.
const MOST: usize = 200;

/// One option of a select.
pub struct Choice {
    pub value: String,
    pub text: String,
    pub is_chosen: bool,
}

#[derive(Default)]
pub struct Choices {
    /// `None`: too many to choose from.
    pub applications: Option<Vec<Choice>>,
    pub resources: Option<Vec<Choice>>,
    pub reasons: Vec<Choice>,
    pub periods: Vec<Choice>,
}

impl Choices {
    pub fn read(conn: &mut Conn, query: &Query) -> Result<Self, Error> {
        let applications = applications(conn, &query.application)?;
        let resources = resources(conn, &query.api)?;
        let own = |(value, text): (&str, &str)| (value.to_owned(), text.to_owned());
        Ok(Self {
            applications,
            resources,
            reasons: options(words::reasons().map(own), &query.reason),
            periods: options(PERIODS.map(|(word, text, _)| own((word, text))), query.period()),
        })
    }
}

/// The applications; `None` when there are too many to choose from.
pub fn applications(conn: &mut Conn, chosen: &str) -> Result<Option<Vec<Choice>>, Error> {
    let found = applications::page(conn, &Filter::default(), None, MOST)?;
    Ok(found.next.is_none().then(|| {
        options(found.rows.into_iter().map(|row| (row.client_id, row.details.name)), chosen)
    }))
}

/// The APIs; `None` when there are too many to choose from.
pub fn resources(conn: &mut Conn, chosen: &str) -> Result<Option<Vec<Choice>>, Error> {
    let found = resources::page(conn, None, None, MOST)?;
    Ok(found
        .next
        .is_none()
        .then(|| options(found.rows.into_iter().map(|row| (row.identifier, row.name)), chosen)))
}

/// Names of which one is chosen. One that is gone by now stays to be seen, as
/// the id it is asked for with.
pub fn options(all: impl IntoIterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    let choice =
        |(value, text): (String, String)| Choice { is_chosen: value == chosen, value, text };
    let mut choices: Vec<Choice> = all.into_iter().map(choice).collect();
    if !chosen.is_empty() && !choices.iter().any(|choice| choice.is_chosen) {
        let (value, text) = (chosen.to_owned(), chosen.to_owned());
        choices.push(Choice { value, text, is_chosen: true });
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_can_still_be_filtered_for() {
        let all = [("a".to_owned(), "A".to_owned())];
        let gone = options(all.clone(), "b");
        assert_eq!(gone.last().map(|last| (last.text.as_str(), last.is_chosen)), Some(("b", true)));
        assert_eq!(options(all, "").len(), 1);
    }
}
