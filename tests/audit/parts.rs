//! On PostgreSQL the log is in parts, one for each month; on SQLite it is one.
use countersign::admin::retention;
use countersign::oauth::UnixTime;
use countersign::sealing::pruning;
use countersign::sealing::verification::{Against, verify};
use countersign::server::parts::{AHEAD, pass_blocking};
use countersign::store::{audit_chains, audit_log, audit_parts, audit_verification, migrations};

use crate::support::Server;

/// How many rows lie in a part.
fn rows_in(server: &Server, part: &str) -> i64 {
    use diesel::connection::Connection as _;
    use diesel::{PgConnection, QueryableByName, RunQueryDsl as _};
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let mut conn = PgConnection::establish(&server.database.url).unwrap();
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {part}"));
    query.get_result::<Count>(&mut conn).unwrap().count
}

fn is_whole(server: &Server) {
    server.seal().unwrap();
    let against = Against { keys: None, outside: Vec::new() };
    let report = verify(&server.app.store, &against, server.clock.now()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    for chain in server.read(audit_chains::names) {
        let walked = server.read(|conn| audit_verification::verify(conn, &chain, None));
        assert!(walked.is_ok(), "{walked:?}");
    }
}

fn at(text: &str) -> UnixTime {
    let at: jiff::Timestamp = text.parse().unwrap();
    UnixTime(at.as_microsecond())
}

/// At this moment, with two acts of it.
fn with_acts_at(server: &Server, moment: &str) {
    server.advance(at(moment).since(server.clock.now()));
    server.act(|conn, actor| retention::hold(conn, actor, "a"));
    server.act(retention::release);
    server.settle();
    server.seal().unwrap();
}

#[test]
fn the_months_to_come_have_a_part_and_no_row_is_lost_without_one() {
    let server = Server::start();
    server.world();
    server.seal().unwrap();
    if !server.database.is_postgres() {
        pass_blocking(&server.app).unwrap();
        assert_eq!(server.read(|conn| audit_parts::ahead(conn, server.clock.now())), None);
        return;
    }
    // Nobody was there to make parts: the log goes on.
    with_acts_at(&server, "2031-03-20T12:00:00Z");
    let stray = rows_in(&server, "audit_events_default");
    assert!(stray >= 2);
    is_whole(&server);

    pass_blocking(&server.app).unwrap();
    let ahead = server.read(|conn| audit_parts::ahead(conn, server.clock.now()));
    assert_eq!(ahead, Some(AHEAD));
    assert!(server.app.metrics.encode().contains("audit_months_ahead 3"));
    assert_eq!(rows_in(&server, "audit_events_default"), 0, "they have a part now");
    with_acts_at(&server, "2031-04-01T00:00:00Z");
    assert_eq!(rows_in(&server, "audit_events_2031_04"), 2);
    pass_blocking(&server.app).unwrap();
    with_acts_at(&server, "2031-07-31T23:59:59Z");
    assert_eq!(rows_in(&server, "audit_events_2031_07"), 2);
    assert_eq!(rows_in(&server, "audit_events_default"), 0);
    is_whole(&server);

    // A clock that is far ahead for a moment stops nothing.
    let id = "7ZZZZZZZZZ0000000000000000";
    let copy = format!(
        "INSERT INTO audit_events SELECT 'other', position, batch, '{id}', at, category, code, \
         outcome, reason, client_id, resource, body, salt FROM audit_events LIMIT 1"
    );
    server.database.execute(&copy).unwrap();
    pass_blocking(&server.app).unwrap();
    with_acts_at(&server, "2031-08-01T00:00:00Z");
    assert_eq!(rows_in(&server, "audit_events_2031_08"), 2);
}

/// Naming the part must not be a way around.
#[test]
fn a_part_is_as_append_only_as_the_log() {
    let server = Server::start();
    server.world();
    server.seal().unwrap();
    if !server.database.is_postgres() {
        return;
    }
    with_acts_at(&server, "2031-03-20T12:00:00Z");
    pass_blocking(&server.app).unwrap();
    for part in ["audit_events_before", "audit_events_default", "audit_events_2031_04"] {
        for sql in [format!("UPDATE {part} SET at = 1"), format!("TRUNCATE {part}")] {
            let error = server.database.execute(&sql).unwrap_err();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
    }
    let error = server.database.execute("DELETE FROM audit_events_before").unwrap_err();
    assert!(error.contains("append-only"), "{error}");
    is_whole(&server);
}

#[test]
fn a_month_of_which_nothing_is_kept_goes_whole_and_not_while_the_log_is_held() {
    let server = Server::start();
    server.world();
    server.settle();
    server.seal().unwrap();
    if !server.database.is_postgres() {
        return;
    }
    for moment in ["2031-03-10T00:00:00Z", "2031-04-10T00:00:00Z", "2031-05-20T00:00:00Z"] {
        server.advance(at(moment).since(server.clock.now()));
        server.seal().unwrap();
        pass_blocking(&server.app).unwrap();
        with_acts_at(&server, moment);
    }
    // As if the use of all of it was counted: acts are none.
    server.database.execute("UPDATE usage_marks SET done = 999, next = 999").unwrap();
    let exists = |part: &str| server.database.execute(&format!("TABLE {part} LIMIT 0")).is_ok();
    let (now, before) = (server.clock.now(), server.read(audit_log::count));
    let cut =
        server.read(|conn| Ok(retention::plan(conn, at("2031-05-01T00:00:00Z"), now).unwrap()));
    assert!(cut.rows > 4 && cut.rows < before);
    server.act(|conn, actor| retention::prune(conn, actor, &cut));
    server.act(|conn, actor| retention::hold(conn, actor, "case 7"));
    pruning::delete_blocking(&server.app.store).unwrap();
    assert!(exists("audit_events_before") && exists("audit_events_2031_03"));
    server.act(retention::release);
    let went = pruning::delete_blocking(&server.app.store).unwrap();
    assert_eq!(i64::try_from(went), Ok(cut.rows));
    assert!(!exists("audit_events_before") && !exists("audit_events_2031_03"));
    // Its month is not known to be over by what went: its rows went one by one.
    assert_eq!(rows_in(&server, "audit_events_2031_04"), 0);
    assert_eq!(server.read(audit_log::count), before - cut.rows + 3);
    is_whole(&server);
}

/// An installation with a past is brought up to date, and what it has is whole.
#[test]
fn a_log_that_is_full_is_divided_without_a_row_being_touched() {
    let server = Server::start();
    server.world();
    with_acts_at(&server, "2024-02-01T00:00:00Z");
    let rows = |server: &Server| server.read(|conn| audit_log::after(conn, "main", 0, 1_000));
    let before = rows(&server);
    assert!(before.len() > 4);
    let mut conn = server.app.store.connect().unwrap();
    let last = migrations::applied(&mut conn).unwrap().len();
    let back = migrations::redo_since(&mut conn, "20261130130000").unwrap();
    assert!(back >= 3 && back < last);
    let after = rows(&server);
    assert_eq!(before.len(), after.len());
    assert!(before.iter().zip(&after).all(|(a, b)| (&a.body, &a.salt) == (&b.body, &b.salt)));
    is_whole(&server);
}
