//! Questions about what people and the server did.
use super::report::{Family, Parameter, Parameters, Report, scan};
use super::table::{Cell, Column, Table, column};
use crate::model::audit_event::{Change, Event};
use crate::oauth::UnixTime;
use crate::store::audit_log::Filter;
use crate::store::{Conn, Error};
use crate::text;
use crate::texts::{Text, en};

const CHANGES: &[Column] = &[
    column("time", "Time"),
    column("person", "Person"),
    column("role", "Role"),
    column("address", "From"),
    column("act", "Act"),
    column("what", "What"),
    column("client_id", "Application"),
    column("changes", "Before and after"),
    column("reason", "Reason given"),
    column("event", "Event"),
];

const LIFE: &[Column] = &[
    column("time", "Time"),
    column("act", "Act"),
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("person", "Person"),
    column("event", "Event"),
];

const READERS: &[Column] = &[
    column("time", "Time"),
    column("person", "Person"),
    column("address", "From"),
    column("act", "Act"),
    column("what", "What"),
    column("office_hours", "Office hours"),
    column("event", "Event"),
];

const COMPLETENESS: &[Column] = &[
    column("time", "Time"),
    column("what", "What"),
    column("by", "By"),
    column("detail", "Detail"),
    column("event", "Event"),
];

pub const REPORTS: &[Report] = &[
    Report {
        id: "changes",
        family: Family::Acts,
        title: "Admin changes",
        question: "What was changed in the period, by whom, to what, before and after?",
        limits: "Secrets are never among the values. A reason is there where whoever did it gave one.",
        parameters: &[Parameter::Period, Parameter::Person, Parameter::Application],
        columns: CHANGES,
        answer: changes,
    },
    Report {
        id: "applications",
        family: Family::Acts,
        title: "Applications registered, suspended, deleted",
        question: "Which applications were registered, suspended, resumed, deleted or restored in \
                   the period, and by whom?",
        limits: "There is no second person who approves: who did it is who answers for it.",
        parameters: &[Parameter::Period, Parameter::Person, Parameter::Application],
        columns: LIFE,
        answer: life,
    },
    Report {
        id: "log-readers",
        family: Family::Acts,
        title: "Who took copies of the records",
        question: "Who exported the audit log or a report, and was it in office hours?",
        limits: "Office hours are Monday to Friday, 07:00 to 19:00 UTC. Pages that were only looked \
                 at are not recorded; files that were taken are.",
        parameters: &[Parameter::Period, Parameter::Person],
        columns: READERS,
        answer: readers,
    },
    Report {
        id: "completeness",
        family: Family::Acts,
        title: "What may have left a gap",
        question: "When was the server started and stopped, and what was done to the log itself?",
        limits: "A server that was killed has a start without a stop before it. Steps of the clock \
                 are not recorded.",
        parameters: &[Parameter::Period],
        columns: COMPLETENESS,
        answer: completeness,
    },
];

fn filter(told: &Parameters) -> Filter {
    Filter {
        acts_only: true,
        from: Some(told.from),
        to: Some(told.to),
        client_id: told.application.clone(),
        ..Filter::default()
    }
}

/// Whether the acts of this person are asked for.
fn is_by(event: &Event, told: &Parameters) -> bool {
    told.person.as_ref().is_none_or(|person| {
        let actor = &event.actor;
        [&actor.name, &actor.id].into_iter().flatten().any(|known| known == person)
    })
}

fn who(event: &Event) -> Cell {
    let actor = &event.actor;
    let named = actor.name.clone().or_else(|| actor.id.clone());
    named.map_or_else(|| Cell::said(kind(&actor.kind)), Cell::text)
}

/// Who has no name.
fn kind(word: &str) -> Text {
    match word {
        "anonymous" => text!("anonymous"),
        "redacted" => text!("redacted"),
        "system" => text!("system"),
        other => Text::data(other),
    }
}

fn changes(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(CHANGES);
    scan(conn, &filter(told), &mut table, |event| {
        let is_change = !["session", "server", "audit", "report"].contains(&event.category());
        if !is_change || !is_by(event, told) {
            return None;
        }
        let of = |change: &Change| {
            let told = |side: &str| match change.moment(side) {
                Some(at) => Cell::Time(at).plain(),
                None => format!("{side:?}"),
            };
            format!("{}: {} → {}", change.field, told(&change.before), told(&change.after))
        };
        let changes: Vec<String> = event.changes.iter().map(of).collect();
        let target = event.target.as_ref();
        Some(vec![
            Cell::Time(UnixTime(event.at)),
            who(event),
            Cell::text(event.actor.role.clone().unwrap_or_default()),
            Cell::text(event.source.address.clone().unwrap_or_default()),
            Cell::text(event.code.clone()),
            Cell::text(target.map(|target| target.name.clone()).unwrap_or_default()),
            event.client_id.clone().map_or(Cell::Nothing, Cell::Client),
            Cell::text(changes.join("; ")),
            Cell::text(event.because.clone().unwrap_or_default()),
            Cell::Event(event.id.clone()),
        ])
    })?;
    Ok(table)
}

fn life(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    const STEPS: [(&str, &str); 6] = [
        ("application.created", en("created")),
        ("application.suspended", en("suspended")),
        ("application.resumed", en("resumed")),
        ("application.deleted", en("deleted")),
        ("application.restored", en("restored")),
        ("application.removed", en("removed")),
    ];
    let mut table = Table::new(LIFE);
    scan(conn, &filter(told), &mut table, |event| {
        let (_, step) = STEPS.iter().find(|(code, _)| *code == event.code)?;
        if !is_by(event, told) {
            return None;
        }
        let name = event.target.as_ref().map(|target| target.name.clone());
        Some(vec![
            Cell::Time(UnixTime(event.at)),
            Cell::said(*step),
            Cell::text(name.unwrap_or_default()),
            event.client_id.clone().map_or(Cell::Nothing, Cell::Client),
            who(event),
            Cell::Event(event.id.clone()),
        ])
    })?;
    Ok(table)
}

fn readers(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(READERS);
    scan(conn, &filter(told), &mut table, |event| {
        if !["audit", "report"].contains(&event.category()) || !is_by(event, told) {
            return None;
        }
        let at = UnixTime(event.at);
        Some(vec![
            Cell::Time(at),
            who(event),
            Cell::text(event.source.address.clone().unwrap_or_default()),
            Cell::text(event.code.clone()),
            Cell::text(event.detail.clone().unwrap_or_default()),
            Cell::said(if is_office_hour(at) { en("yes") } else { en("no") }),
            Cell::Event(event.id.clone()),
        ])
    })?;
    Ok(table)
}

fn completeness(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(COMPLETENESS);
    scan(conn, &filter(told), &mut table, |event| {
        let is_reading =
            ["audit.exported", "audit.export_ended", "audit.read"].contains(&&*event.code);
        if !["server", "audit"].contains(&event.category()) || is_reading {
            return None;
        }
        Some(vec![
            Cell::Time(UnixTime(event.at)),
            Cell::text(event.code.clone()),
            who(event),
            Cell::text(event.detail.clone().unwrap_or_default()),
            Cell::Event(event.id.clone()),
        ])
    })?;
    Ok(table)
}

/// Monday to Friday, 07:00 to before 19:00 in UTC.
fn is_office_hour(at: UnixTime) -> bool {
    let seconds = at.seconds();
    // The first of January 1970 was a Thursday.
    let weekday = (seconds.div_euclid(86_400) + 3).rem_euclid(7);
    let hour = seconds.rem_euclid(86_400) / 3_600;
    weekday < 5 && (7..19).contains(&hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_and_weekends_are_no_office_hours() {
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            is_office_hour(UnixTime(at.as_microsecond()))
        };
        assert!(at("2026-11-23T07:00:00Z") && at("2026-11-27T18:59:59Z"));
        assert!(!at("2026-11-23T06:59:59Z") && !at("2026-11-23T19:00:00Z"));
        assert!(!at("2026-11-28T12:00:00Z") && !at("2026-11-29T12:00:00Z"));
    }
}
