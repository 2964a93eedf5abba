//! Whoever owns the database can change everything in it; the tree tells.
use countersign::host::Entropy;
use countersign::keys::checkpoints::verifier_keys;
use countersign::model::audit_event::{Event, Outcome};
use countersign::model::checkpoint::SignedCheckpoint;
use countersign::model::proof::{Proof, Why};
use countersign::model::signed_note::VerifierKey;
use countersign::oauth::time::Seconds;
use countersign::sealing::proving::{Unproved, prove};
use countersign::sealing::verification::{Against, Kind, Report, verify};
use countersign::store::{Conn, Error, audit_chains, audit_tree, audit_verification, signing_keys};

use crate::support::{NOW, Server};

/// With sealed batches, more than one tile of them, and checkpoints.
fn sealed() -> Server {
    let server = Server::start();
    let billing = server.world().billing;
    server.seal().unwrap();
    assert_eq!(server.token(&billing, &[]).status, 200);
    let issued = server.events("token.issued").remove(0);
    let append = |conn: &mut Conn| {
        (0..270).try_for_each(|_| {
            let mark = Entropy::System.mark(NOW);
            let event = Event { id: mark.id, salt: mark.salt, ..issued.clone() };
            audit_chains::append(conn, "main", &[event]).map(drop)
        })
    };
    server.app.store.write_blocking::<_, Error>(append).unwrap();
    server.clock.advance(Seconds(300));
    server.seal().unwrap();
    server
}

fn look(server: &Server) -> Report {
    let file = server.app.sealing.file().last().unwrap();
    let outside = file.map(|last| ("the file".to_owned(), last)).into_iter().collect();
    let against = Against { keys: None, outside };
    verify(&server.app.store, &against, server.clock.now()).unwrap()
}

/// What `audit verify` finds, of chains and tree.
fn kinds(server: &Server) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = look(server).findings.iter().map(|found| found.kind).collect();
    for chain in server.read(audit_chains::names) {
        if let Err(broken) = server.read(|conn| audit_verification::verify(conn, &chain, None)) {
            kinds.push(match broken.kind {
                audit_verification::Kind::Tampered => Kind::Tampered,
                audit_verification::Kind::Gap => Kind::Gap,
            });
        }
    }
    kinds
}

fn keys(server: &Server) -> Vec<VerifierKey> {
    let (stored, state) = (server.read(signing_keys::all), server.read(audit_tree::find));
    verifier_keys(&stored, &state.origin).map(|(_, key)| key).collect()
}

#[test]
fn an_untouched_tree_holds_for_every_checkpoint() {
    let server = sealed();
    let report = look(&server);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.entries > 256);
    assert_eq!(report.checkpoints, 4, "two that are kept, the last, and the file's");
    assert_eq!(report.last.unwrap().1, Some(1_700_000_300));
}

/// Every column that counts, changed in the middle; each put back afterwards
/// by the next server.
#[test]
fn every_way_of_touching_sealed_things_is_found() {
    let byte = |column: &str| {
        format!("{column} = (SELECT previous FROM audit_batches WHERE batch = 9 LIMIT 1)")
    };
    let hash = byte("hash");
    let touches = [
        (
            "UPDATE audit_events SET body = REPLACE(body, 'billing', 'mallory') WHERE position = 99",
            Kind::Tampered,
        ),
        (
            "UPDATE audit_events SET salt = (SELECT salt FROM audit_events WHERE position = 98) WHERE position = 99",
            Kind::Tampered,
        ),
        ("UPDATE audit_events SET outcome = 'denied' WHERE position = 99", Kind::Tampered),
        (
            r#"UPDATE audit_events SET outcome = 'success","actor":{"kind":"client' WHERE position = 99"#,
            Kind::Tampered,
        ),
        ("UPDATE audit_events SET client_id = 'm2m_x' WHERE position = 99", Kind::Tampered),
        ("UPDATE audit_events SET resource = NULL WHERE position = 99", Kind::Tampered),
        ("UPDATE audit_events SET category = 'access' WHERE position = 99", Kind::Tampered),
        ("DELETE FROM audit_events WHERE position = 99", Kind::Gap),
        (
            "DELETE FROM audit_events WHERE batch = 99; DELETE FROM audit_batches WHERE batch = 99",
            Kind::Gap,
        ),
        ("UPDATE audit_batches SET events = events + 1 WHERE batch = 99", Kind::Tampered),
        (
            "UPDATE audit_sealed_batches SET entry = 9999 WHERE entry = 99; UPDATE audit_sealed_batches SET entry = 99 WHERE entry = 98; UPDATE audit_sealed_batches SET entry = 98 WHERE entry = 9999",
            Kind::Tampered,
        ),
        ("DELETE FROM audit_sealed_batches WHERE entry = 99", Kind::Gap),
        (
            "DELETE FROM audit_sealed_batches WHERE entry > 200; UPDATE audit_tree SET size = 201",
            Kind::Gap,
        ),
        (
            "INSERT INTO audit_sealed_batches SELECT 100000, 'other', batch, leaf FROM audit_sealed_batches WHERE entry = 9; UPDATE audit_tree SET size = size + 1",
            Kind::Gap,
        ),
        (&format!("UPDATE audit_tree_nodes SET {hash}"), Kind::Tampered),
        ("DELETE FROM audit_tree_nodes", Kind::Gap),
        ("INSERT INTO audit_tree_nodes SELECT 1, 77, hash FROM audit_tree_nodes", Kind::Tampered),
        ("UPDATE audit_checkpoints SET note = REPLACE(note, 'issuer', 'issues')", Kind::Tampered),
        ("DELETE FROM audit_checkpoints WHERE number = 1", Kind::Gap),
        ("UPDATE audit_checkpoints SET size = size + 1 WHERE number = 2", Kind::Tampered),
        ("UPDATE audit_tree SET note = ''", Kind::Incomplete),
        ("UPDATE audit_tree SET published_size = 3", Kind::Tampered),
    ];
    for (touch, kind) in touches {
        let server = sealed();
        assert_eq!(kinds(&server), []);
        server.database.disarm();
        server.database.execute(touch).unwrap();
        let found = kinds(&server);
        assert!(found.contains(&kind), "{touch}: {found:?}");
    }
}

/// A server that is killed as it begins the log left rows that no checkpoint
/// names yet; a minute later one was taken away.
#[test]
fn a_log_without_a_checkpoint_is_complete_for_its_first_minute_only() {
    for (later, found) in [(0, vec![]), (60, vec![]), (61, vec![Kind::Incomplete])] {
        let server = Server::start();
        server.world();
        server.seal().unwrap();
        server.database.disarm();
        let forgotten = "DELETE FROM audit_checkpoints; UPDATE audit_tree SET note = ''";
        server.database.execute(forgotten).unwrap();
        server.clock.advance(Seconds(later));
        let nowhere = Against { keys: None, outside: vec![] };
        let report = verify(&server.app.store, &nowhere, server.clock.now()).unwrap();
        let kinds: Vec<_> = report.findings.iter().map(|found| found.kind).collect();
        assert_eq!(kinds, found, "after {later} s: {:?}", report.findings);
    }
}

/// Not one byte of what is signed can be another.
#[test]
fn every_byte_of_a_checkpoint_counts() {
    let server = sealed();
    let keys = keys(&server);
    let note = server.read(audit_tree::find).note;
    let signed = |text: &str| {
        SignedCheckpoint::parse(text)
            .is_ok_and(|note| matches!(note.signer(&keys), Ok(Some((_, Some(_))))))
    };
    assert!(signed(&note));
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        // Other letters for the bits that base64 leaves over say the same.
        let same = SignedCheckpoint::parse(&text) == SignedCheckpoint::parse(&note);
        assert!(same || !signed(&text), "byte {at}: {text}");
    }
}

#[test]
fn a_proof_needs_the_public_key_and_nothing_else_and_proves_its_row_alone() {
    let server = sealed();
    let keys = keys(&server);
    for event in server.events("token.issued").iter().step_by(50) {
        let proof = server.app.store.read_blocking(|conn| prove(conn, &event.id)).unwrap();
        let text = proof.to_string();
        let read = Proof::parse(&text).unwrap();
        assert_eq!(read, proof);
        let proved = read.check(&keys).unwrap();
        assert_eq!(
            (proved.batch.chain.as_str(), proof.body.as_str()),
            ("main", event.body().as_str())
        );
        let beside = text.len() - proof.body.len();
        assert!(beside <= 1_536, "{beside} bytes beside the row");
        assert_eq!(read.check(&[]), Err(Why::Unsigned));
        let lied = Proof { body: proof.body.replace("success", "denied"), ..proof.clone() };
        assert_eq!(lied.check(&keys), Err(Why::Row));
        let moved = Proof { entry: proof.entry ^ 1, ..proof.clone() };
        assert_eq!(moved.check(&keys), Err(Why::Entry));
        let mut other = proof;
        other.record[30] ^= 1;
        assert!(other.check(&keys).is_err());
    }
    let event = server.operator().event("audit.exported", Outcome::Success);
    let id = event.id.clone();
    let append = |conn: &mut Conn| audit_chains::append(conn, "main", &[event]);
    server.app.store.write_blocking::<_, Error>(append).unwrap();
    let unsealed = server.app.store.read_blocking(|conn| prove(conn, &id));
    assert!(matches!(unsealed, Err(Unproved::NotSealed)));
    let nowhere = server.app.store.read_blocking(|conn| prove(conn, "01K"));
    assert!(matches!(nowhere, Err(Unproved::NotThere)));
}

/// docs/evidence.md has these figures. A tree of a billion is known by its depth.
#[test]
fn a_proof_stays_small_however_large_the_log_is() {
    let server = sealed();
    let issued = server.events("token.issued").remove(0);
    let group: Vec<Event> = (0..512)
        .map(|_| {
            let mark = Entropy::System.mark(NOW);
            Event { id: mark.id, salt: mark.salt, ..issued.clone() }
        })
        .collect();
    let append = |conn: &mut Conn| audit_chains::append(conn, "main", &group).map(drop);
    server.app.store.write_blocking::<_, Error>(append).unwrap();
    server.clock.advance(Seconds(300));
    server.seal().unwrap();
    let id = &group[511].id;
    let real = server.app.store.read_blocking(|conn| prove(conn, id)).unwrap();
    assert!(real.check(&keys(&server)).is_ok());
    assert_eq!(real.row_path.len(), 9);
    let beside = |proof: &Proof| proof.to_string().len() - proof.body.len();
    assert!(beside(&real) <= 1_900, "{}", beside(&real));

    let billion = 1_000_000_000_u64;
    let depth = billion.next_power_of_two().trailing_zeros();
    let mut checkpoint = real.checkpoint.clone();
    checkpoint.checkpoint.size = billion;
    let hash = [0xa5; 32];
    let entry_path = vec![hash; usize::try_from(depth).unwrap()];
    let large = Proof { entry: billion - 1, entry_path, checkpoint, ..real };
    let hashes = (large.row_path.len() + large.entry_path.len()) * hash.len();
    let bytes = hashes + large.record.len() + large.salt.len() + 2 * size_of::<u64>();
    assert!(bytes <= 1_536, "{bytes} bytes");
    assert!(beside(&large) <= 2_700, "{} characters", beside(&large));
}

/// A backup is as whole as the log was then. Only what is kept elsewhere tells.
#[test]
fn an_older_backup_is_a_fork_and_goes_on_under_another_name_once_acknowledged() {
    let server = sealed();
    let state = server.read(audit_tree::find);
    let kept = server.read(|conn| audit_tree::recorded_after(conn, 0, 1)).remove(0);
    // As a backup from after the first checkpoint would be.
    server.database.disarm();
    let cut = format!(
        "DELETE FROM audit_sealed_batches WHERE entry >= {size}; DELETE FROM audit_tree_nodes; \
         DELETE FROM audit_events WHERE batch > {size}; DELETE FROM audit_batches WHERE batch > {size}; \
         DELETE FROM audit_checkpoints WHERE number > 1; \
         UPDATE audit_tree SET size = {size}, published_size = {size}, note = '{note}'; \
         UPDATE audit_chain_heads SET batch = {size}, \
           hash = (SELECT hash FROM audit_batches WHERE batch = {size}), \
           position = (SELECT first_position + events - 1 FROM audit_batches WHERE batch = {size})",
        size = kept.size,
        note = kept.note
    );
    server.database.execute(&cut).unwrap();

    let found = kinds(&server);
    assert_eq!(found, [Kind::Fork], "only the file tells");
    assert!(server.seal().is_err());
    assert_eq!(server.read(audit_tree::find).size, kept.size);

    let reason = ("an older database", "disk failed, restored the backup of Monday");
    let issuer = server.app.config.issuer.url.clone();
    server.act(|conn, actor| {
        countersign::admin::audit::acknowledge_fork(conn, actor, &issuer, reason)
    });
    server.app.sealing.begin_blocking().unwrap();
    server.clock.advance(Seconds(10));
    server.seal().unwrap();
    let after = server.read(audit_tree::find);
    assert_eq!(after.origin, format!("{}/2", state.origin));
    assert!(after.size > kept.size && after.published_size == after.size);
    assert_eq!(kinds(&server), []);
    assert_eq!(server.events("audit.fork_acknowledged").len(), 1);
    assert!(
        server.events("audit.fork_acknowledged")[0].detail.as_ref().unwrap().contains("Monday")
    );
}
