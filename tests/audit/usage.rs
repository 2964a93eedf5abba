//! Use is counted from what the log has: each request once.
use std::sync::Arc;

use countersign::model::usage::{day, hour};
use countersign::oauth::time::Seconds;
use countersign::store::usage;

use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, Client};
use crate::support::{NOW, Server};

impl Server {
    /// All tokens and refusals that are counted by hour.
    fn traffic(&self) -> i64 {
        self.settle();
        let (from, until) = (hour(NOW) - 1, hour(self.clock.now()) + 1);
        let hours = self.read(|conn| usage::traffic(conn, from, until, None));
        hours.iter().map(|row| row.requests).sum()
    }

    fn counted(&self, client: &Client) -> (i64, i64) {
        self.settle();
        let rows = self.read(|conn| usage::by_secret(conn, &client.client_id, hour(NOW) - 1));
        let sum = |of: fn(&usage::Presented) -> i64| rows.iter().map(of).sum();
        (sum(|row| row.issued), sum(|row| row.refused))
    }
}

#[test]
fn tokens_and_refusals_are_counted_by_secret_and_address() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    server.token(&billing, &[("scope", "invoices:read")]);
    server.token(&billing, &[("scope", "ledger:export")]);

    server.settle();
    let rows = server.read(|conn| usage::presented(conn, &billing.client_id, hour(NOW), 10));
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.secret_id.as_str(), row.address.as_str()), (&*billing.secret_id, "127.0.0.1"));
    assert_eq!((row.issued, row.refused, row.last_at), (2, 1, NOW));

    let asked = server.read(|conn| usage::asked(conn, &billing.client_id, day(NOW)));
    let of = |scope: &str| {
        let found = asked.iter().find(|asked| asked.scope == scope);
        found.map(|asked| (asked.resource.as_str(), asked.granted, asked.refused))
    };
    assert_eq!(of(""), Some((BILLING_API, 2, 1)));
    assert_eq!(of("invoices:read"), Some((BILLING_API, 2, 0)));
    assert_eq!(of("invoices:write"), Some((BILLING_API, 1, 0)));
    assert_eq!(of("ledger:export"), Some((BILLING_API, 0, 1)));
    let taken = server.read(|conn| usage::taken(conn, BILLING_API, "", day(NOW), 10));
    assert_eq!(taken.by.iter().map(|asker| asker.granted).collect::<Vec<_>>(), [2]);
    assert_eq!((taken.granted, taken.is_more), (2, false));
}

#[test]
fn traffic_is_summed_over_all_apis_or_of_one() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..3 {
        server.token(&world.billing, &[]);
        server.token(&world.billing, &[("scope", "ledger:export")]);
        server.token(&world.billing, &[("resource", "https://nowhere.example")]);
        server.advance(Seconds::HOUR);
    }
    server.settle();
    let first = hour(NOW);
    let told = |resource: Option<&str>| {
        let rows = server.read(|conn| usage::traffic(conn, first, first + 2, resource));
        let told = rows.into_iter().map(|row| (row.hour - first, row.reason, row.requests));
        told.collect::<Vec<_>>()
    };
    let of = |hour| {
        [("", 1), ("resource_not_granted", 1), ("scope_not_granted", 1)]
            .map(|(reason, requests)| (hour, reason.to_owned(), requests))
    };
    assert_eq!(told(None), [of(0), of(1)].concat(), "the third hour is not asked for");
    assert_eq!(told(Some(BILLING_API)).len(), 4);
    assert_eq!(told(Some("https://other.example")), []);
}

/// Who asks in vain, though they are more than are counted.
#[test]
fn refusals_do_not_hide_that_something_is_used() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    server.settle();
    let later = day(NOW) + 1;
    let refused = format!(
        "INSERT INTO usage_days (day, client_id, resource, scope, granted, refused, last_at) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
         SELECT {later}, 'm2m_' || i, '{BILLING_API}', '', 0, 1, 0 FROM n"
    );
    server.database.execute(&refused).unwrap();
    let taken = server.read(|conn| usage::taken(conn, BILLING_API, "", day(NOW), 10));
    assert_eq!((taken.granted, taken.is_more), (1, false));
}

#[test]
fn a_stranger_leaves_no_name_in_the_counts() {
    let server = Server::start();
    let world = server.world();
    let stranger = Client { client_id: format!("m2m_{}", "x".repeat(22)), ..world.billing };
    assert_eq!(server.token(&stranger, &[]).status, 401);
    assert_eq!(server.traffic(), 1);
    assert_eq!(server.counted(&stranger), (0, 0));
    assert!(!server.database.dump().contains("usage_hours\t472222\tm2m_x"));
}

/// Whatever a process that was killed had not counted is counted by the next.
#[test]
fn what_was_not_counted_before_an_end_is_counted_after_the_start() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let world = first.world();
    first.token(&world.billing, &[]);
    first.settle();
    // The counts cannot be written, the log can: as if it were killed between.
    database.refuse_inserts("usage_marks");
    for _ in 0..3 {
        assert_eq!(first.token(&world.billing, &[]).status, 200);
    }
    drop(first);
    database.allow_inserts("usage_marks");

    let second = Server::start_on(database.clone(), &[]);
    assert_eq!(second.token(&world.billing, &[]).status, 200);
    assert_eq!(second.counted(&world.billing), (5, 0));
    drop(second);
    let third = Server::start_on(database, &[]);
    assert_eq!(third.counted(&world.billing), (5, 0), "and not once more");
}

#[test]
fn counts_that_could_not_be_written_are_written_later() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    server.settle();
    server.database.refuse_inserts("usage_days");
    server.token(&world.billing, &[]);
    server.settle();
    server.token(&world.reporting, &[]);
    server.database.allow_inserts("usage_days");
    assert_eq!(server.counted(&world.billing), (2, 0));
    assert_eq!(server.counted(&world.reporting), (1, 0));
}

#[test]
fn a_write_that_was_interrupted_between_two_parts_is_made_whole() {
    use countersign::audit::tally::Tally;
    use countersign::store::audit_log;

    let server = Server::start();
    // More rows than are written at a time, in many parts.
    server.resource(BILLING_API, &["a"]);
    let clients: Vec<Client> =
        (0..130).map(|n| server.application(&format!("a{n}"), &[(BILLING_API, "a")])).collect();
    for client in &clients {
        assert_eq!(server.token(client, &[]).status, 200);
    }
    server.settle();
    let chain = server.app.config.instance.clone();
    let rows = server.read(|conn| audit_log::after(conn, &chain, 0, 10_000));
    for table in ["usage_marks", "usage_hours", "usage_days", "traffic_hours"] {
        server.database.execute(&format!("DELETE FROM {table}")).unwrap();
    }

    // Each of many processes is killed after one or two transactions.
    let mut conn = server.app.store.connect().unwrap();
    for steps in [1, 2, 1, 3, 1, 1, 2] {
        let mut tally = Tally::open(&mut conn, &chain).unwrap();
        for _ in 0..steps {
            tally.step(&mut conn, NOW).unwrap();
        }
    }
    let mut tally = Tally::open(&mut conn, &chain).unwrap();
    while tally.is_behind() {
        tally.step(&mut conn, NOW).unwrap();
    }

    assert!(rows.len() > clients.len());
    assert_eq!(server.traffic(), 130);
    for client in &clients {
        assert_eq!(server.counted(client), (1, 0));
    }
}

#[test]
fn counts_by_hour_are_forgotten_after_nine_days_and_those_by_day_are_not() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    assert_eq!(server.counted(&world.billing), (1, 0));
    server.advance(Seconds::days(10));
    server.token(&world.billing, &[]);
    assert_eq!(server.counted(&world.billing), (1, 0));
    let asked = server.read(|conn| usage::asked(conn, &world.billing.client_id, day(NOW)));
    assert_eq!(asked.iter().find(|asked| asked.scope.is_empty()).unwrap().granted, 2);
}

/// A secret that is retired and still presented somewhere.
#[test]
fn a_ghost_secret_is_counted_with_who_presented_it() {
    let server = Server::start();
    let world = server.world();
    server.act(|conn, actor| {
        use countersign::admin::secrets::{Tokens, revoke};
        let billing = &world.billing;
        revoke(conn, actor, &billing.client_id, &billing.secret_id, Tokens::Keep)
    });
    server.act(|conn, actor| {
        countersign::admin::applications::delete(conn, actor, &world.mallory.client_id)
    });
    assert_eq!(server.token(&world.billing, &[]).status, 401);
    assert_eq!(server.token(&world.billing, &[]).status, 401);
    assert_eq!(server.token(&world.mallory, &[]).status, 401);

    server.settle();
    let ghosts = server.read(|conn| usage::ghosts(conn, hour(NOW), 10));
    let mut seen: Vec<_> = ghosts
        .iter()
        .map(|ghost| (ghost.secret_id.as_str(), ghost.reason.as_str(), ghost.requests))
        .collect();
    seen.sort_unstable();
    let mut expected = vec![
        (world.billing.secret_id.as_str(), "secret_revoked", 2),
        (world.mallory.secret_id.as_str(), "client_deleted", 1),
    ];
    expected.sort_unstable();
    assert_eq!(seen, expected);
}
