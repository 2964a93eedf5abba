//! What a question is told: the query of its URL.
use serde::Deserialize;

use crate::console::form::FieldErrors;
use crate::console::moment;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::reports::report::{MOST, Parameter, Parameters, Report};
use crate::text;

/// How many rows of an answer a page has at first.
const FIRST: usize = 200;

/// The parameters as they came. Empty: not told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    pub from: String,
    pub to: String,
    pub application: String,
    pub api: String,
    pub scope: String,
    pub person: String,
    pub secret: String,
    pub token: String,
    pub key: String,
    pub days: String,
    /// `all`: as many rows as an answer may have, not only the first.
    pub rows: String,
}

impl Query {
    /// # Errors
    /// A day cannot be read, or the period is none.
    pub fn told(&self, now: UnixTime) -> Result<Parameters, FieldErrors> {
        let given = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
        let mut errors = FieldErrors::default();
        let mut told = Parameters::at(now);
        if let Some(to) = day("to", &self.to, &mut errors) {
            told.to = to + Seconds::DAY;
            told.from = told.to - Seconds::days(30);
        }
        if let Some(from) = day("from", &self.from, &mut errors) {
            told.from = from;
        }
        if told.from >= told.to && errors.is_empty() {
            errors.push("to", text!("The period ends before it begins."));
        }
        match self.days.trim() {
            "" => {}
            text => match text.parse::<i64>() {
                Ok(days) if (0..=36_500).contains(&days) => told.days = days,
                _ => errors.push("days", text!("Enter whole days, such as 90.")),
            },
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Parameters {
            application: given(&self.application),
            api: given(&self.api),
            scope: given(&self.scope),
            person: given(&self.person),
            secret: given(&self.secret),
            token: given(&self.token),
            key: given(&self.key),
            most: if self.rows == "all" { MOST } else { FIRST },
            ..told
        })
    }

    /// The query of the same question, for its file and for all its rows. Its days
    /// stand in it: they are of what was shown, whenever they are fetched.
    pub fn same_text(&self, report: &Report, told: &Parameters) -> String {
        let mut pairs = Vec::new();
        for parameter in report.parameters {
            match parameter {
                Parameter::Period => {
                    pairs.push(("from", moment::day(told.from)));
                    pairs.push(("to", moment::day(UnixTime(told.to.0 - 1))));
                }
                Parameter::Days => pairs.push(("days", told.days.to_string())),
                other => {
                    pairs.extend(told.get(*other).map(|text| (other.as_str(), text.to_owned())));
                }
            }
        }
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// What was typed for a parameter.
    pub fn typed(&self, parameter: Parameter) -> &str {
        match parameter {
            Parameter::Period => "",
            Parameter::Application => &self.application,
            Parameter::Api => &self.api,
            Parameter::Scope => &self.scope,
            Parameter::Person => &self.person,
            Parameter::Secret => &self.secret,
            Parameter::Token => &self.token,
            Parameter::Key => &self.key,
            Parameter::Days => &self.days,
        }
    }
}

fn day(field: &'static str, text: &str, errors: &mut FieldErrors) -> Option<UnixTime> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let at = moment::parse(text).filter(|_| text.len() == 10);
    if at.is_none() {
        errors.push(field, text!("Write {field} as a day in UTC, such as 2026-11-23.", field));
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    #[test]
    fn a_period_has_both_its_days_and_thirty_when_only_its_end_is_told() {
        let query =
            |from: &str, to: &str| Query { from: from.into(), to: to.into(), ..Query::default() };
        let told = query("2026-10-01", "2026-10-31").told(NOW).unwrap();
        assert_eq!(Some(told.from), moment::parse("2026-10-01"));
        assert_eq!(Some(told.to), moment::parse("2026-11-01"));
        let told = query("", "2026-10-31").told(NOW).unwrap();
        assert_eq!(Some(told.from), moment::parse("2026-10-02"));
        assert!(query("2026-10-02", "2026-10-01").told(NOW).is_err());
        assert!(query("soon", "").told(NOW).is_err());
        assert!(Query { days: "-1".into(), ..Query::default() }.told(NOW).is_err());
    }
}
