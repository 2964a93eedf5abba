//! What the list is narrowed to: the query of its URL, read and written.
use serde::Deserialize;

use crate::console::form::FieldErrors;
use crate::console::{link, moment};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::reports::access::Asked;
use crate::text;

/// The parameters as they came. Empty: not narrowed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Query {
    pub application: String,
    pub api: String,
    pub scope: String,
    /// A day in UTC, meant to its end.
    pub at: String,
    /// `matrix`, or empty for the table.
    pub view: String,
    /// The key of the row before.
    pub after: String,
    /// The API before the first column of a matrix.
    pub column: String,
}

impl Query {
    /// Without spaces around values and without words that nobody knows.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        for text in [
            &mut self.application,
            &mut self.api,
            &mut self.scope,
            &mut self.at,
            &mut self.view,
            &mut self.after,
            &mut self.column,
        ] {
            *text = text.trim().to_owned();
        }
        if self.view != "matrix" {
            self.view.clear();
            self.column.clear();
        }
        self
    }

    /// The shortest query that says the same.
    pub fn to_text(&self) -> String {
        let pairs = [
            ("application", &self.application),
            ("api", &self.api),
            ("scope", &self.scope),
            ("at", &self.at),
            ("view", &self.view),
            ("after", &self.after),
            ("column", &self.column),
        ];
        link::query(pairs)
    }

    /// The path that says it.
    pub fn href(&self) -> String {
        link::to("/access", &self.to_text())
    }

    /// The file of all rows.
    pub fn file_href(&self) -> String {
        let all = Self { view: String::new(), after: String::new(), ..self.clone() };
        link::to("/access.csv", &Self { column: String::new(), ..all }.to_text())
    }

    pub fn is_narrowed(&self) -> bool {
        [&self.application, &self.api, &self.scope, &self.at].iter().any(|text| !text.is_empty())
    }

    /// # Errors
    /// `at` is no day.
    pub fn asked(&self, now: UnixTime) -> Result<Asked, FieldErrors> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let at = match given(&self.at) {
            None => now,
            Some(day) => end_of(&day).ok_or_else(|| {
                FieldErrors::one("at", text!("Write the day in UTC, such as 2026-03-03."))
            })?,
        };
        Ok(Asked {
            // What is to come is not known: a day that is not over is meant so far.
            at: at.min(now),
            api: given(&self.api),
            scope: given(&self.scope),
            application: given(&self.application),
            among: None,
        })
    }
}

/// The last moment of a day.
fn end_of(day: &str) -> Option<UnixTime> {
    let begin = moment::parse(day).filter(|_| day.len() == 10)?;
    Some(UnixTime((begin + Seconds::DAY).0 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn at(day: &str) -> Result<UnixTime, FieldErrors> {
        Query { at: day.into(), ..Query::default() }.asked(NOW).map(|asked| asked.at)
    }

    #[test]
    fn a_day_is_meant_to_its_end_and_no_further_than_now() {
        assert_eq!(at("2026-11-22").unwrap().0 + 1, moment::parse("2026-11-23").unwrap().0);
        assert_eq!(at("2026-11-23").unwrap(), NOW);
        assert_eq!(at("2027-01-01").unwrap(), NOW);
        assert_eq!(at("").unwrap(), NOW);
        for wrong in ["yesterday", "2026-02-30", "2026-11-22T14:00"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_is_written_without_what_goes_without_saying() {
        let query = Query {
            api: "https://a b".into(),
            view: "nonsense".into(),
            column: "res_1".into(),
            after: "m2m_1 res_1".into(),
            ..Query::default()
        };
        let tidy = query.tidy();
        assert_eq!(tidy.href(), "/access?api=https%3A%2F%2Fa+b&after=m2m_1+res_1");
        assert_eq!(tidy.file_href(), "/access.csv?api=https%3A%2F%2Fa+b");
        assert_eq!(tidy.clone().tidy(), tidy);
    }
}
