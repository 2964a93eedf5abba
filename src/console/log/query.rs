//! What the log is narrowed to: the query of its URL, read and written.
use std::net::IpAddr;

use serde::Deserialize;

use crate::console::form::FieldErrors;
use crate::console::{link, moment};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{Filter, OutcomeFilter};
use crate::text;
use crate::texts::en;

/// The parameters as they came. Empty: not narrowed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Query {
    pub q: String,
    pub kind: String,
    pub outcome: String,
    pub application: String,
    pub api: String,
    pub scope: String,
    pub secret: String,
    pub reason: String,
    pub period: String,
    pub from: String,
    pub to: String,
    /// `1`: refusals that are alike are not told in one row.
    pub each: String,
    pub before: String,
}

/// The period when none is named.
pub const DAY: &str = "24h";

/// Each period: its word in the URL, how people read it, its length.
pub const PERIODS: [(&str, &str, Option<Seconds>); 6] = [
    ("1h", en("Last hour"), Some(Seconds::HOUR)),
    (DAY, en("Last 24 hours"), Some(Seconds::DAY)),
    ("7d", en("Last 7 days"), Some(Seconds::days(7))),
    ("30d", en("Last 30 days"), Some(Seconds::days(30))),
    ("all", en("Since the beginning"), None),
    ("custom", en("From and to"), None),
];

impl Query {
    /// Without spaces around values, without words that nobody knows, and
    /// with the period that `from` and `to` stand for.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        for text in [
            &mut self.q,
            &mut self.kind,
            &mut self.outcome,
            &mut self.application,
            &mut self.api,
            &mut self.scope,
            &mut self.secret,
            &mut self.reason,
            &mut self.period,
            &mut self.from,
            &mut self.to,
            &mut self.each,
            &mut self.before,
        ] {
            *text = text.trim().to_owned();
        }
        keep(&mut self.kind, &["token", "accesses", "changes"]);
        keep(&mut self.each, &["1"]);
        keep(&mut self.outcome, &["issued", "refused"]);
        keep(&mut self.period, &PERIODS.map(|(word, ..)| word));
        let has_ends = !self.from.is_empty() || !self.to.is_empty();
        if has_ends && self.period.is_empty() {
            "custom".clone_into(&mut self.period);
        }
        if self.period != "custom" {
            self.from.clear();
            self.to.clear();
        }
        if self.period == DAY {
            self.period.clear();
        }
        self
    }

    /// The shortest query that says the same.
    pub fn to_text(&self) -> String {
        let pairs = [
            ("q", &self.q),
            ("kind", &self.kind),
            ("outcome", &self.outcome),
            ("application", &self.application),
            ("api", &self.api),
            ("scope", &self.scope),
            ("secret", &self.secret),
            ("reason", &self.reason),
            ("period", &self.period),
            ("from", &self.from),
            ("to", &self.to),
            ("each", &self.each),
            ("before", &self.before),
        ];
        link::query(pairs)
    }

    /// The path that says it.
    pub fn href(&self) -> String {
        link::to("/log", &self.to_text())
    }

    /// The same view of the same time whenever it is looked at: a period that
    /// moves on becomes one with ends.
    #[must_use]
    pub fn frozen(&self, now: UnixTime) -> Self {
        let period = PERIODS.iter().find(|(word, ..)| *word == self.period());
        let Some(length) = period.and_then(|(.., length)| *length) else { return self.clone() };
        Self {
            period: "custom".to_owned(),
            from: moment::to_the_second(now - length),
            to: moment::to_the_second(now),
            ..self.clone()
        }
    }

    /// The path of all that it leaves as a file: `csv`, `jsonl`, `cef` or `ocsf`.
    pub fn file_href(&self, format: &str) -> String {
        let query = Self { before: String::new(), each: String::new(), ..self.clone() }.to_text();
        link::to(&format!("/log.{format}"), &query)
    }

    /// The word of the period that is meant.
    pub fn period(&self) -> &str {
        if self.period.is_empty() { DAY } else { &self.period }
    }

    /// The event that is searched for, when that is what `q` names.
    pub fn event_id(&self) -> Option<&str> {
        event_id(&self.q)
    }

    /// # Errors
    /// `from` or `to` cannot be read.
    pub fn filter(&self, now: UnixTime) -> Result<Filter, FieldErrors> {
        if let Some(id) = self.event_id() {
            return Ok(Filter { id: Some(id.to_owned()), ..Filter::default() });
        }
        let (from, to) = ends(&self.from, &self.to)?;
        let period = PERIODS.iter().find(|(word, ..)| *word == self.period());
        let since = period.and_then(|(.., length)| length.map(|length| now - length));
        let outcome = match self.outcome.as_str() {
            "issued" => Some(OutcomeFilter::Success),
            "refused" => Some(OutcomeFilter::Refused),
            // Only refusals have a reason, and they have an index.
            _ if !self.reason.is_empty() => Some(OutcomeFilter::Refused),
            _ => None,
        };
        let address: Option<IpAddr> = self.q.parse().ok();
        let named = given(&self.q).filter(|_| address.is_none());
        let client_id = given(&self.application).or_else(|| named.map(recorded));
        Ok(Filter {
            category: match self.kind.as_str() {
                "token" => Some("token".to_owned()),
                "accesses" => Some("access".to_owned()),
                _ => None,
            },
            acts_only: self.kind == "changes",
            outcome,
            client_id,
            resource: given(&self.api),
            reason: given(&self.reason),
            scope: given(&self.scope),
            secret: given(&self.secret),
            address: address.map(|address| address.to_string()),
            from: from.or(since),
            to,
            ..Filter::default()
        })
    }
}

/// The ends of a period, the last inclusive: from when, and before when.
///
/// # Errors
/// One of them cannot be read.
pub fn ends(from: &str, to: &str) -> Result<(Option<UnixTime>, Option<UnixTime>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let since = end("from", from, &mut errors);
    let until = end("to", to, &mut errors).map(|until| until + length(to));
    if errors.is_empty() { Ok((since, until)) } else { Err(errors) }
}

/// The id of an event: a ULID, with or without the `req_` of its request.
pub fn event_id(text: &str) -> Option<&str> {
    let id = text.strip_prefix("req_").unwrap_or(text);
    let is_ulid = id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_ulid.then_some(id)
}

fn keep(word: &mut String, known: &[&str]) {
    if !known.contains(&word.as_str()) {
        word.clear();
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A client id as the log has it: of what is no id of ours, only the start.
fn recorded(client_id: String) -> String {
    if client_id.starts_with("m2m_") && client_id.len() <= 64 {
        return client_id;
    }
    client_id.chars().take(6).chain(['…']).collect()
}

fn end(field: &'static str, text: &str, errors: &mut FieldErrors) -> Option<UnixTime> {
    if text.is_empty() {
        return None;
    }
    let at = moment::parse(text);
    if at.is_none() {
        let message = text!(
            "Write {field} as a day or a minute in UTC, such as 2026-11-23 or 2026-11-23T14:00.",
            field
        );
        errors.push(field, message);
    }
    at
}

/// How much of time the last moment of a period stands for: a day is meant
/// whole, and so is a minute.
fn length(text: &str) -> Seconds {
    match text.len() {
        10 => Seconds::DAY,
        16 => Seconds::MINUTE,
        _ => Seconds(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn custom(from: &str, to: &str) -> Query {
        Query { from: from.into(), to: to.into(), ..Query::default() }.tidy()
    }

    #[test]
    fn a_day_to_which_is_asked_is_meant_whole() {
        let filter = custom("2026-11-22", "2026-11-23").filter(NOW).unwrap();
        assert_eq!(filter.from, moment::parse("2026-11-22"));
        assert_eq!(filter.to, moment::parse("2026-11-24"));
        let minute = custom("", "2026-11-23T14:00").filter(NOW).unwrap();
        assert_eq!((minute.from, minute.to), (None, moment::parse("2026-11-23T14:01")));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_not_everything() {
        let errors = custom("yesterday", "2026-13-01").filter(NOW).unwrap_err();
        assert!(errors.of("from").is_some() && errors.of("to").is_some());
    }

    #[test]
    fn a_day_back_is_meant_when_nothing_is_said() {
        let filter = Query::default().filter(NOW).unwrap();
        assert_eq!((filter.from, filter.to), (Some(NOW - Seconds::DAY), None));
        let all = Query { period: "all".into(), ..Query::default() };
        assert_eq!(all.filter(NOW).unwrap().from, None);
    }

    #[test]
    fn a_link_to_keep_says_its_times() {
        let query = Query { outcome: "refused".into(), ..Query::default() };
        let times = "period=custom&from=2026-11-22T14%3A00%3A00&to=2026-11-23T14%3A00%3A00";
        assert_eq!(query.frozen(NOW).href(), format!("/log?outcome=refused&{times}"));
        let all = Query { period: "all".into(), ..Query::default() };
        assert_eq!(all.frozen(NOW), all);
    }

    #[test]
    fn a_query_is_written_without_what_goes_without_saying() {
        let query = Query {
            q: " ".into(),
            outcome: "refused".into(),
            period: DAY.into(),
            from: "2026-11-23".into(),
            kind: "nonsense".into(),
            api: "https://a b".into(),
            ..Query::default()
        };
        let tidy = query.tidy();
        assert_eq!(tidy.href(), "/log?outcome=refused&api=https%3A%2F%2Fa+b");
        assert_eq!(tidy.clone().tidy(), tidy);
        assert_eq!(Query::default().tidy().href(), "/log");
    }

    #[test]
    fn a_request_is_found_by_its_id_with_and_without_req() {
        let id = "01KAS9V2XH4M0000000000000A";
        for q in [id.to_owned(), format!("req_{id}")] {
            let filter = Query { q, period: "1h".into(), ..Query::default() }.filter(NOW).unwrap();
            assert_eq!((filter.id.as_deref(), filter.from), (Some(id), None));
        }
        let client = Query { q: "m2m_1".into(), ..Query::default() }.filter(NOW).unwrap();
        assert_eq!(client.client_id.as_deref(), Some("m2m_1"));
        let address = Query { q: "2001:DB8::7".into(), ..Query::default() }.filter(NOW).unwrap();
        assert_eq!((address.address.as_deref(), address.client_id), (Some("2001:db8::7"), None));
        let stranger = Query { q: "billing-worker".into(), ..Query::default() };
        assert_eq!(stranger.filter(NOW).unwrap().client_id.as_deref(), Some("billin…"));
    }
}
