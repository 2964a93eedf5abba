//! Transactions under contention.
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use countersign::store::registry::{self, Touched};
use countersign::store::{Checkpoint, Conn, Database, Error, Flushed, Store};

use crate::support::Server;
use crate::support::database::TestDatabase;

/// Read, then write, from many threads at once: nothing is refused as locked,
/// and no update is lost.
#[test]
fn read_then_write_is_never_refused_and_never_lost() {
    let server = Server::start();
    let before = server.read(registry::version);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = server.app.store.clone();
            std::thread::spawn(move || {
                for _ in 0..25 {
                    store
                        .write_blocking::<_, Error>(|conn: &mut Conn| {
                            registry::version(conn)?;
                            registry::note(conn, &Touched::Everything)
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(server.read(registry::version), before + 100);
    let changes = server.read(|conn| registry::changes_since(conn, before)).unwrap();
    assert_eq!(changes.len(), 100, "versions have no gap");
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let server = Server::start();
    let before = server.read(registry::version);
    let failed = server.app.store.write_blocking(|conn: &mut Conn| {
        registry::note(conn, &Touched::Everything)?;
        Err::<(), _>(Error::Conflict("on purpose".into()))
    });
    assert!(matches!(failed, Err(Error::Conflict(_))));
    assert_eq!(server.read(registry::version), before);
}

/// A panic inside a transaction must not leave it open on a pooled connection.
#[test]
fn a_panic_in_a_write_leaves_no_transaction_behind() {
    let server = Server::start();
    let store = server.app.store.clone();
    for _ in 0..6 {
        let store = store.clone();
        let panicked = std::thread::spawn(move || {
            let _ = store.write_blocking(|_| -> Result<(), Error> { panic!("on purpose") });
        });
        assert!(panicked.join().is_err());
    }
    for _ in 0..6 {
        let noted = store.write_blocking(|conn| registry::note(conn, &Touched::Everything));
        noted.unwrap_or_else(|error: Error| panic!("{error}"));
    }
}

/// A database that no server looks at meanwhile.
fn alone() -> (TestDatabase, Store) {
    let database = TestDatabase::new();
    let store = Store::open(Database::parse(&database.url).unwrap(), 2).unwrap();
    (database, store)
}

/// Somebody who reads one state of an SQLite database until told to stop.
struct Reader {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(store: &Store) -> Self {
        let (begun, reading) = channel();
        let (end, ended) = channel::<()>();
        let store = store.clone();
        let thread = std::thread::spawn(move || {
            let mut conn = store.connect().unwrap();
            let Conn::Sqlite(c) = &mut conn else { unreachable!("it has a write-ahead log") };
            diesel::connection::SimpleConnection::batch_execute(c, "BEGIN").unwrap();
            registry::version(&mut conn).unwrap();
            begun.send(()).unwrap();
            let _ = ended.recv();
        });
        reading.recv().unwrap();
        Self { end, thread }
    }

    fn stop(self) {
        drop(self.end);
        self.thread.join().unwrap();
    }
}

/// A backup or an export may read one state for minutes. SQLite's log grows
/// meanwhile, and whoever writes tokens does not wait; afterwards it is short again.
#[test]
fn somebody_who_reads_for_long_keeps_no_writer_waiting() {
    let (_database, store) = alone();
    let Some(wal) = store.wal() else { return };
    let write = || {
        let note = |conn: &mut Conn| registry::note(conn, &Touched::Everything);
        store.write_blocking::<_, Error>(note).unwrap();
    };
    let grow = || {
        for _ in 0..200 {
            write();
        }
    };
    let length = || std::fs::metadata(&wal).unwrap().len();
    let mut writer = store.connect().unwrap();
    let reader = Reader::start(&store);
    grow();
    let started = Instant::now();
    let tried = writer.checkpoint(Checkpoint::Restart);
    assert!(started.elapsed() < Duration::from_millis(900), "{:?} {tried:?}", started.elapsed());
    reader.stop();

    writer.checkpoint(Checkpoint::Restart).unwrap();
    let long = length();
    grow();
    assert!(length() <= long, "it was begun anew: {} after {long}", length());
    // And waits for other writers as before.
    assert!(writer.transaction::<_, Error>(registry::version).is_ok());
}

/// Before the log begins anew the file is flushed by somebody for whom nobody waits;
/// never a file that another took the place of.
#[test]
fn the_file_that_is_flushed_is_the_one_that_is_written() {
    let (_database, store) = alone();
    if store.wal().is_none() {
        assert!(Flushed::open(&store).is_err(), "PostgreSQL does it itself");
        return;
    }
    let mut conn = store.connect().unwrap();
    conn.transaction::<_, Error>(|conn| registry::note(conn, &Touched::Everything)).unwrap();
    let file = Flushed::open(&store).unwrap();
    assert!(file.is_of(&store) && file.flush().is_ok());
    let log = conn.checkpoint(Checkpoint::Passive).unwrap();
    assert!(log.pages > 0, "{log:?}");
    assert_eq!(conn.checkpoint(Checkpoint::Truncate).unwrap().pages, 0);
    assert!(file.is_of(&store), "the log was emptied, not replaced");

    let wal = store.wal().unwrap();
    std::fs::remove_file(&wal).unwrap();
    std::fs::write(&wal, "").unwrap();
    assert!(!file.is_of(&store));
}

/// On a disk that runs full the log may be what takes the space.
#[test]
fn the_space_of_the_log_goes_back_to_the_disk_once_nobody_reads() {
    let (_database, store) = alone();
    let Some(wal) = store.wal() else { return };
    let length = || std::fs::metadata(&wal).unwrap().len();
    let mut conn = store.connect().unwrap();
    let reader = Reader::start(&store);
    conn.transaction::<_, Error>(|conn| registry::note(conn, &Touched::Everything)).unwrap();
    let started = Instant::now();
    conn.checkpoint(Checkpoint::GiveBack).unwrap();
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    assert!(length() > 0, "what is read from is still there");
    reader.stop();
    conn.checkpoint(Checkpoint::GiveBack).unwrap();
    assert_eq!(length(), 0);
}
