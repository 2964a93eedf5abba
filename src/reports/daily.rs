//! What a day was like, for who looks at the log each day: numbers by
//! application and API, what people did, and the checkpoint above it.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::table::Cell;
use crate::model::audit_event::Event;
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, Filter, StoredEvent};
use crate::store::{Conn, Error, audit_tree, holdings};

/// How many rows are read at a time.
const AT_ONCE: usize = 1_000;

/// Addresses are new when they were not seen in so many days before.
const BEFORE: Seconds = Seconds::days(7);
/// How far back it is known from where tokens were asked for.
const KNOWN: Seconds = Seconds::days(9);

/// The most applications and APIs that are told apart.
const KEYS: usize = 100_000;

/// The most acts that are told one by one.
const MOST: usize = 200;

/// Requests of an application, or for an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub issued: u64,
    /// By reason.
    pub refused: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
pub struct Daily {
    pub from: UnixTime,
    /// Exclusive.
    pub to: UnixTime,
    /// By client id; empty: nobody that is known.
    pub applications: BTreeMap<String, Requests>,
    pub names: BTreeMap<String, String>,
    /// By identifier; empty: none was reached.
    pub apis: BTreeMap<String, Requests>,
    /// From which addresses an application got tokens for the first time in a
    /// week; `None`: the day is too long ago to say.
    pub new_sources: Option<BTreeSet<(String, String)>>,
    /// When, what, which application, by whom.
    pub secrets: Vec<(UnixTime, String, String, String)>,
    /// How many acts of which kind, by who did them.
    pub acts: BTreeMap<(String, String), u64>,
    /// What was done to the log itself: pruned, held, forked.
    pub log: Vec<(UnixTime, String, String)>,
    /// The last checkpoint that was signed before the end of the day and kept.
    pub checkpoint: Option<(UnixTime, SignedCheckpoint)>,
}

impl Daily {
    /// Reads the rows of the day that begins at `from`.
    ///
    /// # Errors
    /// `Store`.
    pub fn read(conn: &mut Conn, from: UnixTime, now: UnixTime) -> Result<Self, Error> {
        let to = from + Seconds::DAY;
        let mut daily = Self { from, to, ..Self::default() };
        let mut sources = BTreeSet::new();
        let filter = Filter { from: Some(from), to: Some(to), ..Filter::default() };
        let mut after = None;
        loop {
            let page = audit_log::page_onward(conn, &filter, after.as_deref(), AT_ONCE)?;
            for event in page.rows.iter().filter_map(StoredEvent::event) {
                daily.note(&event, &mut sources);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let first = from - BEFORE;
        if first >= now - KNOWN {
            let hours = (usage::hour(first), usage::hour(from));
            let known = crate::store::usage::sources(conn, hours)?;
            daily.new_sources =
                Some(sources.into_iter().filter(|it| !known.contains(it)).collect());
        }
        let ids: Vec<String> = daily.applications.keys().cloned().collect();
        for ids in ids.chunks(500) {
            let found = holdings::applications_of_ids(conn, ids)?;
            daily.names.extend(found.into_iter().map(|known| (known.client_id, known.name)));
        }
        let last = audit_tree::recorded_before(conn, to)?;
        daily.checkpoint = last
            .and_then(|last| Some((UnixTime(last.at), SignedCheckpoint::parse(&last.note).ok()?)));
        Ok(daily)
    }

    fn note(&mut self, event: &Event, sources: &mut BTreeSet<(String, String)>) {
        let at = UnixTime(event.at);
        let client_id = event.client_id.clone().unwrap_or_default();
        match event.category() {
            "token" => {
                // What a stranger claims is no key of its own.
                let is_known = event.actor.credential_id.is_some();
                let client_id = if is_known { client_id } else { String::new() };
                if let (true, Some(address)) =
                    (&*event.code == "token.issued", &event.source.address)
                {
                    sources.insert((client_id.clone(), address.clone()));
                }
                let resource = event.resource().filter(|_| is_known).unwrap_or_default();
                count(entry(&mut self.applications, client_id), event);
                count(entry(&mut self.apis, resource), event);
            }
            "access" => {}
            category => {
                let actor = &event.actor;
                let who = actor.name.clone().or_else(|| actor.id.clone());
                let who = who.unwrap_or_else(|| actor.kind.to_string());
                let code = event.code.to_string();
                if category == "secret" && self.secrets.len() < MOST {
                    self.secrets.push((at, code.clone(), client_id, who.clone()));
                }
                let is_reading = ["audit.read", "audit.exported", "audit.export_ended"];
                if category == "audit" && !is_reading.contains(&&*code) && self.log.len() < MOST {
                    self.log.push((at, code.clone(), event.detail.clone().unwrap_or_default()));
                }
                *self.acts.entry((who, code)).or_default() += 1;
            }
        }
    }

    pub fn json(&self) -> Value {
        let requests = |all: &BTreeMap<String, Requests>, key: &str| -> Vec<Value> {
            all.iter()
                .map(|(of, requests)| {
                    json!({
                        key: of,
                        "name": self.names.get(of),
                        "issued": requests.issued,
                        "refused": requests.refused,
                    })
                })
                .collect()
        };
        let sources = self.new_sources.as_ref().map(|sources| {
            let object = |(client_id, address): &(String, String)| {
                json!({ "client_id": client_id, "address": address })
            };
            sources.iter().map(object).collect::<Vec<_>>()
        });
        json!({
            "from": utc(self.from),
            "to": utc(self.to),
            "applications": requests(&self.applications, "client_id"),
            "apis": requests(&self.apis, "api"),
            "new_sources": sources,
            "secrets": self.secrets.iter().map(|(at, code, client_id, who)| json!({
                "time": utc(*at), "code": code, "client_id": client_id, "by": who,
            })).collect::<Vec<_>>(),
            "acts": self.acts.iter().map(|((who, code), count)| json!({
                "by": who, "code": code, "count": count,
            })).collect::<Vec<_>>(),
            "log": self.log.iter().map(|(at, code, detail)| json!({
                "time": utc(*at), "code": code, "detail": detail,
            })).collect::<Vec<_>>(),
            "checkpoint": self.checkpoint.as_ref().map(|(at, signed)| json!({
                "time": utc(*at), "text": signed.to_string(),
            })),
        })
    }

    /// For people, to be printed as it is: Markdown.
    pub fn text(&self) -> String {
        let mut text = format!("# The audit log from {} to {}\n", utc(self.from), utc(self.to));
        self.requests(&mut text, "Application", &self.applications);
        self.requests(&mut text, "API", &self.apis);
        let sources = match &self.new_sources {
            None => vec!["not known for a day this long ago".to_owned()],
            Some(new) => {
                new.iter().map(|(id, from)| format!("{} from {from}", self.name(id))).collect()
            }
        };
        section(&mut text, "New sources: not seen in the seven days before", sources);
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(at, code, client_id, who)| {
            format!("{} {code} of {} by {who}", utc(*at), self.name(client_id))
        });
        section(&mut text, "Secrets", secrets.collect());
        let acts = self.acts.iter().map(|((who, code), count)| format!("{who}: {code}, {count}"));
        section(&mut text, "Acts, by who did them", acts.collect());
        let log = self.log.iter();
        let log = log.map(|(at, code, detail)| format!("{} {code} {detail}", utc(*at)));
        section(&mut text, "The log itself", log.collect());
        // Writing to a String cannot fail.
        let _ = match &self.checkpoint {
            None => write!(text, "\n## Checkpoint\n\nNone was kept before the end of this day.\n"),
            Some((at, signed)) => {
                let lines = signed.to_string();
                let lines = lines.lines().map(|line| format!("    {line}\n"));
                write!(text, "\n## Checkpoint of {}\n\n{}", utc(*at), lines.collect::<String>())
            }
        };
        text
    }

    fn requests(&self, text: &mut String, what: &str, all: &BTreeMap<String, Requests>) {
        let line = |(of, requests): (&String, &Requests)| {
            let refused = requests.refused.iter();
            let refused: Vec<String> =
                refused.map(|(reason, count)| format!("{reason} {count}")).collect();
            let refused = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
            format!("{}: {} issued; refused: {refused}", self.name(of), requests.issued)
        };
        let heading = format!("Tokens by {}", if what == "API" { what } else { "application" });
        section(text, &heading, all.iter().map(line).collect());
    }

    /// What somebody typed stands on one line.
    fn name(&self, id: &str) -> String {
        let text = match (id, self.names.get(id)) {
            ("", _) => "(none)".to_owned(),
            (id, Some(name)) => format!("{name} ({id})"),
            (id, None) => id.to_owned(),
        };
        text.replace(['\r', '\n'], " ")
    }
}

/// The entry of `key`, or beyond so many that of the empty one.
fn entry(all: &mut BTreeMap<String, Requests>, key: String) -> &mut Requests {
    let key = if all.len() < KEYS || all.contains_key(&key) { key } else { String::new() };
    all.entry(key).or_default()
}

fn count(requests: &mut Requests, event: &Event) {
    let count = event.flood.as_ref().map_or(1, |flood| flood.count);
    if &*event.code == "token.issued" {
        requests.issued += count;
    } else if let Some(reason) = &event.reason {
        *requests.refused.entry(reason.to_string()).or_default() += count;
    }
}

fn section(text: &mut String, heading: &str, lines: Vec<String>) {
    let lines = if lines.is_empty() { vec!["none".to_owned()] } else { lines };
    let lines: String = lines.iter().map(|line| format!("* {line}\n")).collect();
    let _ = write!(text, "\n## {heading}\n\n{lines}");
}

fn utc(at: UnixTime) -> String {
    Cell::Time(at).plain()
}
