//! The tree over all chains: what seals it, what it is signed with, and what
//! happens when an older database is put back.
use std::sync::Arc;

use countersign::model::audit_event::Outcome;
use countersign::model::audit_tree::entry_leaf;
use countersign::model::checkpoint::SignedCheckpoint;
use countersign::model::signed_note::VerifierKey;
use countersign::model::tree_proof::{extends, includes};
use countersign::oauth::time::Seconds;
use countersign::sealing::Error;
use countersign::store::{
    self, Conn, audit_batches, audit_chains, audit_seals, audit_tree, signing_keys,
};

use crate::support::Server;
use crate::support::database::TestDatabase;

fn published(server: &Server) -> SignedCheckpoint {
    let state = server.read(audit_tree::find);
    SignedCheckpoint::parse(&state.note).unwrap()
}

fn keys(server: &Server) -> Vec<VerifierKey> {
    let stored = server.read(signing_keys::all);
    let origin = server.read(audit_tree::find).origin;
    countersign::keys::checkpoints::verifier_keys(&stored, &origin).map(|(_, key)| key).collect()
}

#[test]
fn every_batch_is_sealed_once_and_in_the_order_of_its_chain() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let second = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "second")]);
    let billing = first.world().billing;
    second.app.take_up_changes();
    for server in [&first, &second, &first] {
        assert_eq!(server.token(&billing, &[]).status, 200);
        server.seal().unwrap();
    }
    let sealed = first.read(|conn| audit_seals::sealed_batches_after(conn, -1, 1_000));
    assert!(sealed.iter().zip(0..).all(|(sealed, entry)| sealed.entry == entry));
    for chain in first.read(audit_seals::progress) {
        let of_chain: Vec<i64> =
            sealed.iter().filter(|s| s.chain == chain.chain).map(|s| s.batch).collect();
        assert_eq!(of_chain, (1..=chain.batch).collect::<Vec<_>>(), "{}", chain.chain);
    }
    let after = first.read(|conn| audit_seals::sealed_batches_after(conn, 1, 1));
    assert_eq!(after, sealed[2..3]);
}

#[test]
fn a_checkpoint_is_signed_for_the_tree_and_each_goes_on_from_the_last() {
    let server = Server::start();
    let billing = server.world().billing;
    server.seal().unwrap();
    let old = published(&server);
    for _ in 0..300 {
        server.token(&billing, &[]);
    }
    server.seal().unwrap();
    let new = published(&server);

    let (key, time) = new.signer(&keys(&server)).unwrap().map(|(k, t)| (k.clone(), t)).unwrap();
    assert_eq!(key.name, "issuer.example/audit/tlog");
    assert_eq!(time, Some(1_700_000_000));
    let (old, new) = (old.checkpoint, new.checkpoint);
    assert!(new.size > 256 && new.size > old.size, "{} {}", old.size, new.size);
    let size = i64::try_from(new.size).unwrap();
    let proof = server.read(|conn| {
        audit_seals::tree(conn, size).consistency(old.size, new.size).map_err(audit_seals::fault)
    });
    assert!(extends(&proof, (old.size, &old.root), (new.size, &new.root)));
    for entry in [0, 1, 255, 256, new.size - 1] {
        let at = i64::try_from(entry).unwrap();
        let sealed = server.read(|conn| audit_seals::sealed_batches_after(conn, at - 1, 1));
        let batch = server.read(|c| audit_batches::find(c, &sealed[0].chain, sealed[0].batch));
        let path = server.read(|conn| {
            audit_seals::tree(conn, size).inclusion(entry, new.size).map_err(audit_seals::fault)
        });
        let leaf = entry_leaf(&batch.unwrap().0.record());
        assert!(includes(&path, entry, &leaf, (new.size, &new.root)), "{entry}");
    }
}

/// That nothing happened is a statement too.
#[test]
fn in_silence_the_same_tree_is_signed_again_with_a_later_time() {
    let server = Server::start();
    server.seal().unwrap();
    let first = published(&server);
    server.clock.advance(Seconds(59));
    server.seal().unwrap();
    assert_eq!(published(&server), first);
    server.clock.advance(Seconds(1));
    server.seal().unwrap();
    let second = published(&server);
    assert_eq!(second.checkpoint, first.checkpoint);
    let keys = keys(&server);
    let time = |signed: &SignedCheckpoint| signed.signer(&keys).unwrap().unwrap().1.unwrap();
    assert_eq!(time(&second), time(&first) + 60);
}

#[test]
fn one_process_seals_and_another_takes_over_when_it_is_gone() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let second = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "second")]);
    let advance = |by| [&first, &second].map(|server| server.clock.advance(Seconds(by)));
    let epoch = || first.read(audit_tree::find).epoch;
    let record = || {
        let event = first.operator().event("audit.exported", Outcome::Success);
        let append = |conn: &mut Conn| audit_chains::append(conn, "main", &[event]);
        first.app.store.write_blocking::<_, store::Error>(append).unwrap();
    };
    first.seal().unwrap();
    second.seal().unwrap();
    assert!(first.app.sealing.status().seals && !second.app.sealing.status().seals);
    assert_eq!(epoch(), 1);
    advance(2);
    record();
    first.seal().unwrap();
    record();
    second.seal().unwrap();
    assert_eq!(epoch(), 1, "who seals goes on");
    let state = first.read(audit_tree::find);
    first.seal().unwrap();
    first.seal().unwrap();
    let idle = first.read(audit_tree::find);
    assert_ne!(idle.size, state.size);
    second.seal().unwrap();
    assert_eq!(
        first.read(audit_tree::find).leased_until(),
        idle.leased_until(),
        "nothing is written for nothing"
    );
    // The first is killed.
    advance(3);
    record();
    second.seal().unwrap();
    assert!(second.app.sealing.status().seals);
    assert_eq!(epoch(), 2);
    // It had only slept: what it began under the old epoch is not written.
    let late = first.app.store.write_blocking(|conn| audit_tree::lock_under(conn, 1)).unwrap();
    assert!(late.is_none());
    first.seal().unwrap();
    assert!(!first.app.sealing.status().seals);
    second.app.sealing.stop_blocking();
    record();
    first.seal().unwrap();
    assert!(first.app.sealing.status().seals, "a lease given back is free at once");
}

/// What only an older database in its place explains.
#[test]
fn a_database_that_lost_what_was_signed_is_not_sealed_until_somebody_says_so() {
    for touch in [
        "DELETE FROM audit_sealed_batches WHERE entry >= 3; UPDATE audit_tree SET size = 3",
        "UPDATE audit_sealed_batches SET leaf = (SELECT root FROM audit_batches WHERE batch = 1) \
         WHERE entry = 1",
        "DELETE FROM audit_sealed_batches WHERE entry = 1",
    ] {
        let server = Server::start();
        let billing = server.world().billing;
        server.seal().unwrap();
        server.database.disarm();
        server.database.execute(touch).unwrap();
        server.database.execute("UPDATE audit_tree SET note = ''").unwrap();

        let size = server.read(audit_tree::find).size;
        let refused = server.seal();

        assert!(matches!(refused, Err(Error::Fork(_))), "{touch}: {refused:?}");
        assert!(server.app.sealing.status().fork.is_some());
        assert_eq!(server.events("audit.fork_found").len(), 1, "{touch}");
        assert!(matches!(server.seal(), Err(Error::Fork(_))));
        assert_eq!(server.events("audit.fork_found").len(), 1, "once is enough");
        let state = server.read(audit_tree::find);
        assert_eq!((state.size, state.note.as_str()), (size, ""), "{touch}");
        // Tokens go on, and are recorded.
        assert_eq!(server.token(&billing, &[]).status, 200);
    }
}
