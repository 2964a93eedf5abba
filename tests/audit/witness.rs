//! A server and a witness that does not trust it.
use std::net::SocketAddr;

use countersign::host::Clock;
use countersign::keys::checkpoints::verifier_keys;
use countersign::model::checkpoint::SignedCheckpoint;
use countersign::model::signed_note::VerifierKey;
use countersign::oauth::time::Seconds;
use countersign::sealing::proving::prove;
use countersign::store::{audit_tree, signing_keys};
use countersign::witness::{self, Memory};

use crate::support::{NOW, Server};

/// A witness on a port of its own, for as long as the test runs.
fn start(folder: &std::path::Path, logs: Vec<VerifierKey>) -> (SocketAddr, VerifierKey) {
    let memory = Memory::open(folder, "witness.example/w", logs).unwrap();
    let key = memory.key().clone();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let address = "127.0.0.1:0".parse().unwrap();
        let started = move |at| tell.send(at).unwrap();
        let serve = witness::run(memory, Clock::standing_at(NOW), address, started);
        actix_web::rt::System::new().block_on(serve)
    });
    (told.recv().unwrap(), key)
}

#[test]
fn a_witness_signs_what_grew_and_its_name_is_in_proofs() {
    let log = Server::start();
    log.seal().unwrap();
    let (stored, state) = (log.read(signing_keys::all), log.read(audit_tree::find));
    let keys: Vec<_> = verifier_keys(&stored, &state.origin).map(|(_, key)| key).collect();
    let folder = log.database.folder().join("witness");
    let (address, key) = start(&folder, keys);
    let witnesses = format!("http://{address} {}", key.text());

    let settings = [("COUNTERSIGN_WITNESSES", witnesses.as_str()), ("COUNTERSIGN_INSTANCE", "b")];
    let server = Server::start_on(log.database.clone(), &settings);
    log.app.sealing.stop_blocking();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    for size in [1, 2] {
        server.clock.advance(Seconds(5));
        server.token(&billing, &[]);
        server.seal().unwrap();
        let heard = server.app.sealing.status().witnesses[0].clone();
        assert_eq!((heard.failure, heard.signed.is_some()), (None, true), "{size}");
        let cosigned = SignedCheckpoint::parse(&server.read(audit_tree::find).cosigned).unwrap();
        let said = key.verify(&cosigned.note).unwrap().unwrap();
        assert_eq!(said.time, Some(1_700_000_000));
        assert_eq!(
            cosigned.note.text,
            SignedCheckpoint::parse(&server.read(audit_tree::find).note).unwrap().note.text
        );
    }
    let event = server.events("token.issued").remove(0);
    let proof = server.app.store.read_blocking(|conn| prove(conn, &event.id)).unwrap();
    assert!(key.verify(&proof.checkpoint.note).unwrap().is_some());

    // An older database put in place, its file too: the witness still knows.
    server.database.disarm();
    let cut = "DELETE FROM audit_sealed_batches WHERE entry >= 2; \
               UPDATE audit_tree SET size = 2, note = '', published_size = 0, leased_until = 0";
    server.database.execute(cut).unwrap();
    std::fs::remove_file(server.database.folder().join("checkpoint")).unwrap();
    server
        .database
        .execute(
            "DELETE FROM audit_batches WHERE batch > 2; UPDATE audit_chain_heads SET batch = 2",
        )
        .unwrap();
    let restored = Server::start_on(log.database.clone(), &settings);
    restored.clock.advance(Seconds(60));
    drop(restored.seal());
    let heard = restored.app.sealing.status().witnesses[0].clone();
    assert!(heard.signed.is_none());
    let why = heard.failure.unwrap();
    assert!(why.contains("larger than ours") || why.contains("422"), "{why}");
}

#[test]
fn a_witness_remembers_over_a_restart_and_has_the_same_key() {
    let log = Server::start();
    log.seal().unwrap();
    let folder = log.database.folder().join("witness");
    let first = Memory::open(&folder, "w.example", Vec::new()).unwrap();
    let again = Memory::open(&folder, "w.example", Vec::new()).unwrap();
    assert_eq!(first.key(), again.key());
    assert!(Memory::open(&folder, "no name", Vec::new()).is_err());
}
