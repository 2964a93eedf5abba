//! Whatever is touched in what was sealed, verification finds: every byte of
//! every column, and rows, batches and entries that go, come twice or change
//! places.
//!
//! Samples are small here; `scripts/tamper` takes larger ones.
use countersign::host::Entropy;
use countersign::model::audit_event::{Actor, Event};
use countersign::oauth::time::Seconds;
use countersign::sealing::verification::{Against, verify};
use countersign::store::{Conn, Error, audit_chains, audit_verification};

use crate::support::Server;
use crate::support::flips::{Type, execute, flips, numbers};

/// How many rows are taken, and how many of everything else.
fn samples() -> usize {
    std::env::var("TAMPER_ROWS").map_or(4, |rows| rows.parse().unwrap())
}

/// So many batches of one to five tokens, refusals and acts, signed twice.
fn sealed(batches: usize) -> Server {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    server.seal().unwrap();
    let issued = server.events("token.issued").remove(0);
    let append = |conn: &mut Conn| {
        for n in 0..batches.max(samples() / 2) {
            let event = |m| {
                let mark = Entropy::System.mark(server.clock.now());
                let mut event = Event { id: mark.id, salt: mark.salt, ..issued.clone() };
                match m {
                    1 => event.reason = Some("bad_secret".into()),
                    // Text that takes several bytes, and what stands for bytes that are no text.
                    2 => event.source.user_agent = Some("Zürich/1 \u{fffd} \"x\"".into()),
                    3 => {
                        let name = Some("Ada".into());
                        event.actor =
                            Actor { kind: "administrator".into(), name, ..Actor::default() };
                    }
                    _ => {}
                }
                event
            };
            let events: Vec<Event> = (0..=n % 5).map(event).collect();
            audit_chains::append(conn, "main", &events)?;
        }
        Ok(())
    };
    server.app.store.write_blocking::<_, Error>(append).unwrap();
    server.clock.advance(Seconds(300));
    server.seal().unwrap();
    assert!(is_whole(&server));
    server.database.disarm();
    server
}

fn is_whole(server: &Server) -> bool {
    server.read(|conn| Ok(chains_are_whole(conn))) && tree_is_whole(server)
}

fn chains_are_whole(conn: &mut Conn) -> bool {
    let chains = audit_chains::names(conn).unwrap();
    // What cannot be read is no log that is whole.
    chains.iter().all(|chain| matches!(audit_verification::verify(conn, chain, None), Ok(Ok(_))))
}

fn tree_is_whole(server: &Server) -> bool {
    let outside = server.app.sealing.file().last().unwrap();
    let outside = outside.map(|last| ("the file".to_owned(), last)).into_iter().collect();
    let against = Against { keys: None, outside };
    verify(&server.app.store, &against, server.clock.now())
        .is_ok_and(|report| report.findings.is_empty())
}

/// What was tried, and what of it was found.
#[derive(Default)]
struct Tally {
    tried: usize,
    found: usize,
    missed: Vec<String>,
}

impl Tally {
    fn note(&mut self, is_found: bool, what: impl FnOnce() -> String) {
        self.tried += 1;
        self.found += usize::from(is_found);
        if !is_found {
            self.missed.push(what());
        }
    }

    #[expect(clippy::print_stdout, reason = "scripts/tamper shows it")]
    fn end(self, what: &str) {
        println!("{what}: {} of {} found", self.found, self.tried);
        assert!(self.tried > 0 && self.missed.is_empty(), "{what}: {:?}", self.missed);
    }
}

/// Each of these changes alone, taken back after it was looked for.
fn each(server: &Server, changes: &[String], in_tree: bool, tally: &mut Tally) {
    for sql in changes {
        if in_tree {
            // The tree is read over connections of its own: put back by hand.
            let (change, back) = sql.split_once(" -- ").unwrap();
            if server.database.execute(change).is_err() {
                continue;
            }
            tally.note(!tree_is_whole(server), || change.to_owned());
            server.database.execute(back).unwrap();
        } else {
            let done: Result<(), Error> = server.app.store.write_blocking(|conn| {
                // What the database refuses needs nobody to find it.
                if execute(conn, sql).is_ok() {
                    tally.note(!chains_are_whole(conn), || sql.clone());
                }
                Err(Error::Unavailable("put back".into()))
            });
            assert!(done.is_err());
        }
    }
}

/// As many of `all` as are wanted, spread over all.
fn some(all: &[i64], wanted: usize) -> Vec<i64> {
    all.iter().copied().step_by((all.len() / wanted.max(1)).max(1)).take(wanted).collect()
}

const ROW: [(&str, Type); 12] = [
    ("chain", Type::Text),
    ("position", Type::Number),
    ("batch", Type::Number),
    ("id", Type::Text),
    ("at", Type::Number),
    ("category", Type::Text),
    ("code", Type::Text),
    ("outcome", Type::Text),
    ("reason", Type::Text),
    ("client_id", Type::Text),
    ("resource", Type::Text),
    ("salt", Type::Bytes),
];

#[test]
fn every_byte_of_a_row_counts() {
    let server = sealed(12);
    let positions = server.read(|conn| {
        Ok(numbers(conn, "SELECT position AS number FROM audit_events ORDER BY position"))
    });
    let mut tally = Tally::default();
    for position in some(&positions, samples()) {
        let which = format!("position = {position}");
        let columns = ROW.into_iter().chain([("body", Type::Text)]).collect::<Vec<_>>();
        let mut changes = server.read(|conn| Ok(flips(conn, "audit_events", &columns, &which)));
        // With many rows a few bytes of each will do.
        if samples() > 50 {
            changes = changes
                .into_iter()
                .skip(usize::try_from(position % 97).unwrap())
                .step_by(97)
                .collect();
        }
        each(&server, &changes, false, &mut tally);
    }
    tally.end("bytes of rows");
}

#[test]
fn every_byte_of_a_batch_counts() {
    let server = sealed(12);
    let columns = [
        ("chain", Type::Text),
        ("batch", Type::Number),
        ("first_position", Type::Number),
        ("events", Type::Number),
        ("first_at", Type::Number),
        ("last_at", Type::Number),
        ("root", Type::Bytes),
        ("previous", Type::Bytes),
        ("hash", Type::Bytes),
    ];
    let batches = server
        .read(|conn| Ok(numbers(conn, "SELECT batch AS number FROM audit_batches ORDER BY batch")));
    let mut tally = Tally::default();
    for batch in some(&batches, samples().min(100) / 2) {
        let which = format!("batch = {batch}");
        let changes = server.read(|conn| Ok(flips(conn, "audit_batches", &columns, &which)));
        each(&server, &changes, false, &mut tally);
    }
    tally.end("bytes of batches");
}

/// Tiles are made of leaves and nodes.
#[test]
fn every_byte_of_a_tile_and_of_a_checkpoint_counts() {
    let server = sealed(270);
    let size = server.read(|conn| Ok(numbers(conn, "SELECT size AS number FROM audit_tree")))[0];
    let entries: Vec<i64> = (0..size).collect();
    let wanted = (samples() / 4).clamp(1, 20);
    let mut touched = vec![
        ("audit_tree_nodes", vec![("hash", Type::Bytes)], "position = 0".to_owned()),
        (
            "audit_checkpoints",
            vec![("note", Type::Text), ("origin", Type::Text)],
            "number = 1".into(),
        ),
        ("audit_tree", vec![("note", Type::Text)], "id = 1".into()),
    ];
    for entry in some(&entries, wanted) {
        let which = format!("entry = {entry}");
        let columns = vec![("leaf", Type::Bytes), ("chain", Type::Text), ("batch", Type::Number)];
        touched.push(("audit_sealed_batches", columns, which));
    }
    let mut tally = Tally::default();
    for (table, columns, which) in touched {
        let mut changes = server.read(|conn| Ok(flips(conn, table, &columns, &which)));
        if samples() < 50 {
            changes = changes.into_iter().step_by(7).collect();
        }
        if columns[0].0 == "note" {
            // Other letters for the bits that base64 leaves over say the same.
            changes.retain(|change| says_something_else(change));
        }
        each(&server, &changes, true, &mut tally);
    }
    assert!(is_whole(&server), "all was put back");
    tally.end("bytes of tiles and checkpoints");
}

/// Whether the two notes of a change differ for whoever reads them.
fn says_something_else(change: &str) -> bool {
    use countersign::model::checkpoint::SignedCheckpoint;
    let (change, back) = change.split_once(" -- ").unwrap();
    let read = |sql: &str| {
        let hex = sql.split(['\'']).find(|part| part.len() > 64)?.trim_start_matches("\\x");
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes = (0..hex.len()).step_by(2).map(byte).collect();
        Some(SignedCheckpoint::parse(&String::from_utf8(bytes).ok()?))
    };
    !change.contains("note") || read(change) != read(back)
}

#[expect(clippy::too_many_lines, reason = "a matrix, line by line")]
#[test]
fn nothing_goes_comes_twice_or_changes_places_unseen() {
    let server = sealed(24);
    let last = server
        .read(|conn| Ok(numbers(conn, "SELECT position AS number FROM audit_chain_heads")))[0];
    let batches =
        server.read(|conn| Ok(numbers(conn, "SELECT batch AS number FROM audit_chain_heads")))[0];
    let copy =
        "at, category, code, outcome, reason, client_id, resource, body, salt FROM audit_events";
    let batch_copy = "first_at, last_at, root, previous, hash FROM audit_batches";
    let (mut in_chains, mut swaps) = (Vec::new(), Vec::new());
    for p in some(&(1..last).collect::<Vec<_>>(), samples()) {
        let next = p + 1;
        in_chains.extend([
            format!("DELETE FROM audit_events WHERE position = {p}"),
            format!("DELETE FROM audit_events WHERE position >= {p}"),
            format!("DELETE FROM audit_events WHERE position <= {p}"),
            format!("INSERT INTO audit_events SELECT chain, {last} + 1, batch, 'Z', {copy} WHERE position = {p}"),
            format!("INSERT INTO audit_events SELECT 'other', position, batch, 'Z', {copy} WHERE position = {p}"),
            format!("INSERT INTO audit_events SELECT chain, 0, batch, 'Z', {copy} WHERE position = {p}"),
        ]);
        swaps.push(format!(
            "UPDATE audit_events SET position = -1 WHERE position = {p}; \
             UPDATE audit_events SET position = {p} WHERE position = {next}; \
             UPDATE audit_events SET position = {next} WHERE position = -1"
        ));
        // In another month's part too a row is there twice.
        if server.database.is_postgres() {
            in_chains.push(format!(
                "INSERT INTO audit_events SELECT chain, position, batch, 'Z', {copy} WHERE position = {p}"
            ));
        }
    }
    for b in some(&(1..batches).collect::<Vec<_>>(), samples()) {
        let next = b + 1;
        in_chains.extend([
            format!("DELETE FROM audit_batches WHERE batch = {b}"),
            format!("DELETE FROM audit_batches WHERE batch >= {b}"),
            format!("DELETE FROM audit_events WHERE batch = {b}; DELETE FROM audit_batches WHERE batch = {b}"),
            format!(
                "INSERT INTO audit_batches SELECT chain, {batches} + 1, first_position, events, {batch_copy} \
                 WHERE batch = {b}"
            ),
        ]);
        swaps.push(format!(
            "UPDATE audit_batches SET batch = -1 WHERE batch = {b}; \
             UPDATE audit_batches SET batch = {b} WHERE batch = {next}; \
             UPDATE audit_batches SET batch = {next} WHERE batch = -1"
        ));
    }
    in_chains.append(&mut swaps);
    let mut tally = Tally::default();
    each(&server, &in_chains, false, &mut tally);
    let size = server.read(|conn| Ok(numbers(conn, "SELECT size AS number FROM audit_tree")))[0];
    let entries = some(&(1..size - 1).collect::<Vec<_>>(), samples().min(40));
    let swap = |e: i64| {
        let (next, once) = (e + 1, size + 9);
        format!(
            "UPDATE audit_sealed_batches SET entry = {once} WHERE entry = {e}; \
             UPDATE audit_sealed_batches SET entry = {e} WHERE entry = {next}; \
             UPDATE audit_sealed_batches SET entry = {next} WHERE entry = {once}"
        )
    };
    let mut in_tree: Vec<String> =
        entries.iter().map(|e| format!("{} -- {}", swap(*e), swap(*e))).collect();
    in_tree.extend(entries.iter().map(|e| {
        let away = size + 9;
        format!(
            "UPDATE audit_sealed_batches SET entry = {away} WHERE entry = {e} -- \
             UPDATE audit_sealed_batches SET entry = {e} WHERE entry = {away}"
        )
    }));
    each(&server, &in_tree, true, &mut tally);
    assert!(is_whole(&server), "all was put back");
    tally.end("rows, batches and entries removed, doubled and moved");
}
