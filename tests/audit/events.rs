//! `docs/events.md` says what there is.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign::model::audit_event::{Event, Mark, Outcome};
use countersign::model::ocsf::{self, Class};
use countersign::oauth::UnixTime;

/// Folders that write events, and what in them only looks like a code.
const WRITERS: [&str; 7] = ["admin", "audit", "exam", "protocol", "sealing", "server", "streams"];
const NO_CODES: [&str; 6] = [
    "countersign.audit",
    "event.id",
    "event.outcome",
    "server.address",
    "service.name",
    "service.version",
];

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            texts.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
    texts
}

/// The text without what is written to the server's own log.
fn without_tracing(text: &str) -> String {
    let mut parts = text.split("tracing::");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once(");").map_or("", |(_, rest)| rest))
}

/// Texts such as `"token.issued"`.
fn codes(text: &str) -> BTreeSet<String> {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let literals = text.split('"');
    let codes = literals.filter(|literal| {
        literal.split_once('.').is_some_and(|(category, verb)| {
            is_word(category) && is_word(verb) && !NO_CODES.contains(literal)
        })
    });
    codes.map(str::to_owned).collect()
}

#[test]
fn the_manual_lists_every_event_that_the_code_writes_and_no_other() {
    let manual = std::fs::read_to_string("docs/events.md").unwrap();
    let rows = manual.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let code = cells.next()?.strip_suffix('`').filter(|code| code.contains('.'))?;
        Some((code.to_owned(), cells.nth(1)?.trim_end_matches(" |").to_owned()))
    });
    let listed: BTreeMap<String, String> = rows.filter(|(_, class)| class.contains(": ")).collect();
    assert!(listed.len() > 60, "{listed:?}");

    let mut written = BTreeSet::new();
    for folder in WRITERS {
        for text in sources(&Path::new("src").join(folder)) {
            written.extend(codes(&without_tracing(&text)));
        }
    }
    let known: BTreeSet<String> = listed.keys().cloned().collect();
    let missing: Vec<_> = written.difference(&known).collect();
    assert!(missing.is_empty(), "docs/events.md lacks {missing:?}");
    let gone: Vec<_> = known.difference(&written).collect();
    assert!(gone.is_empty(), "docs/events.md has {gone:?}, which nothing writes");

    for (code, class) in listed {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let event = Event {
            code: code.clone().into(),
            ..Event::new(mark, UnixTime(0), "", Outcome::Success)
        };
        let said = format!("{}: {}", Class::of(&event).caption(), ocsf::activity(&event).1);
        assert_eq!(class, said, "{code}");
    }
}

#[test]
fn the_manual_names_every_field() {
    let manual = std::fs::read_to_string("docs/events.md").unwrap();
    let code = std::fs::read_to_string("src/model/audit_event.rs").unwrap();
    let structs = code.split("pub struct Event {").nth(1).unwrap().split("impl Event").next();
    let fields = structs
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':').map(|(name, _)| name));
    let mut fields: Vec<&str> = fields.collect();
    assert!(fields.len() > 40, "{fields:?}");
    // It is beside the text that is hashed.
    fields.retain(|field| *field != "salt");
    for field in fields {
        assert!(manual.contains(&format!("`{field}`")), "docs/events.md lacks {field}");
    }
}
