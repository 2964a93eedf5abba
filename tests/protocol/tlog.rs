//! `/audit/tlog/…`: what the log contains, for monitors.
use countersign::model::audit_chain::Batch;
use countersign::model::audit_tree::entry_leaf;
use countersign::model::checkpoint::SignedCheckpoint;

use crate::support::Server;

#[test]
fn nobody_reads_the_log_from_outside_unless_it_was_made_public() {
    let server = Server::start();
    server.seal().unwrap();
    assert_ne!(server.get("/audit/tlog/checkpoint").status, 200);
}

#[test]
fn a_monitor_builds_the_tree_from_tiles_and_entries() {
    let server = Server::start_with(&[("COUNTERSIGN_PUBLIC_LOG", "true")]);
    assert_eq!(server.get("/audit/tlog/checkpoint").status, 404, "nothing was sealed");
    server.world();
    server.seal().unwrap();
    let answer = server.get("/audit/tlog/checkpoint");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=1"));
    let size = SignedCheckpoint::parse(&answer.text).unwrap().checkpoint.size;

    let tile = server.get(&format!("/audit/tlog/tile/0/000.p/{size}"));
    assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
    assert!(tile.header("cache-control").unwrap().contains("immutable"));
    assert_eq!(tile.bytes.len() as u64, 32 * size);
    let entries = server.get(&format!("/audit/tlog/tile/entries/000.p/{size}"));
    let (mut rest, mut leaves) = (entries.bytes.as_slice(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (record, after) = after.split_at(u16::from_be_bytes(*length).into());
        assert!(Batch::from_record(record).is_some());
        leaves.extend(entry_leaf(record));
        rest = after;
    }
    assert_eq!(leaves, tile.bytes);
    for path in ["tile/0/000", "tile/1/000", &format!("tile/0/000.p/{}", size + 1), "x"] {
        assert_eq!(server.get(&format!("/audit/tlog/{path}")).status, 404, "{path}");
    }
    let keys = server.get("/audit/tlog/keys");
    assert!(keys.text.contains("issuer.example/audit/tlog+"), "{}", keys.text);
}
