//! Two servers on one database, and the one that seals is killed.
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use countersign::store::audit_seals::{self, Progress};
use countersign::store::{Conn, Database, audit_tree};

use super::{Place, Running};

/// A server of another name, on another port and with files of its own.
fn another(place: &Place, name: &str) -> Running {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = place.command(&["serve"]);
    command
        .env("COUNTERSIGN_LISTEN", address.to_string())
        .env("COUNTERSIGN_INSTANCE", name)
        .env("COUNTERSIGN_CHECKPOINT_FILE", place.database.folder().join(name));
    Running::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn holder(conn: &mut Conn) -> String {
    let state = audit_tree::find(conn).unwrap();
    state.holder.split(' ').next().unwrap_or_default().to_owned()
}

/// The chains that have something to be sealed.
fn behind(conn: &mut Conn) -> Vec<Progress> {
    let all = audit_seals::progress(conn).unwrap();
    all.into_iter().filter(|chain| chain.sealed < chain.batch).collect()
}

#[test]
fn when_the_one_that_seals_is_killed_another_has_sealed_all_within_five_seconds() {
    let place = Place::new();
    let mut servers = vec![(String::from("s0"), another(&place, "s0"))];
    let mut conn = Database::parse(&place.database.url).unwrap().connect().unwrap();
    until("somebody seals", || (holder(&mut conn) == "s0").then_some(()));
    for round in 1..=3 {
        let name = format!("s{round}");
        servers.push((name.clone(), another(&place, &name)));
        let (gone, killed) = servers.remove(0);
        killed.signal("-KILL");
        drop(killed);
        let at = Instant::now();
        // The act stands in the chain of the command line.
        let api = format!("https://api.example.com/{round}");
        place.json(&["resource", "create", "--identifier", &api, "--name", &api]);
        until("all is sealed", || behind(&mut conn).is_empty().then_some(()));
        assert!(at.elapsed() < Duration::from_secs(5), "{:?}", at.elapsed());
        assert_eq!(holder(&mut conn), name, "after {gone}");
    }
    let verified = place.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
