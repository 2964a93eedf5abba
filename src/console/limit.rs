//! The form of a limit on tokens, and who met it: of an application and of an
//! API alike.
use serde::Deserialize;

use crate::console::form::FieldErrors;
use crate::model::limit::{self, Hits};
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::limit::{Limit, Subject};
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, applications, limits};
use crate::text;
use crate::texts::Text;

/// The most applications that are listed.
const ROWS: usize = 50;

/// How far back it is looked.
const SINCE: Seconds = Seconds::days(9);

/// What was typed.
#[derive(Default, Deserialize)]
pub struct Input {
    pub per_minute: String,
    pub per_day: String,
    /// `enforced` or `watched`.
    #[serde(default)]
    pub mode: String,
}

pub struct Shown {
    pub input: Input,
    pub met: Vec<Row>,
}

pub struct Row {
    /// Empty: of too many to tell apart.
    pub client_id: String,
    pub name: String,
    pub hits: Hits,
}

/// `60 a minute and 1000 a day`.
pub fn words(limit: &Limit) -> Text {
    let minute = limit.per_minute.map(|n| text!("{n} a minute", n = n.get()));
    let day = limit.per_day.map(|n| text!("{n} a day", n = n.get()));
    match (minute, day) {
        (Some(minute), Some(day)) => text!("{minute} and {day}", minute, day),
        (one, other) => one.or(other).unwrap_or_default(),
    }
}

impl Input {
    fn of(limit: Option<&Limit>) -> Self {
        let Some(limit) = limit else { return Self::default() };
        let text = |number: Option<_>| number.map(|n: std::num::NonZeroU32| n.to_string());
        Self {
            per_minute: text(limit.per_minute).unwrap_or_default(),
            per_day: text(limit.per_day).unwrap_or_default(),
            mode: if limit.watched { "watched" } else { "enforced" }.to_owned(),
        }
    }

    pub fn read(&self) -> Result<Option<Limit>, FieldErrors> {
        let watched = self.mode != "enforced";
        limit::read(&self.per_minute, &self.per_day, watched).map_err(FieldErrors::from)
    }
}

/// What is stored of the limit of `subject`, or what was typed instead.
pub fn load(
    conn: &mut Conn,
    subject: &Subject,
    typed: Option<Input>,
    now: UnixTime,
) -> Result<Shown, Error> {
    let input = match typed {
        Some(input) => input,
        None => Input::of(limits::find(conn, subject)?.as_ref()),
    };
    let met = limits::met(conn, subject, usage::hour(now - SINCE), ROWS)?;
    let ids: Vec<String> = met.iter().map(|(client_id, _)| client_id.clone()).collect();
    let names = applications::names(conn, &ids)?;
    let named = |(client_id, hits): (String, Hits)| Row {
        name: names
            .iter()
            .find(|(id, _)| *id == client_id)
            .map_or_else(|| client_id.clone(), |(_, name)| name.clone()),
        client_id,
        hits,
    };
    Ok(Shown { input, met: met.into_iter().map(named).collect() })
}
