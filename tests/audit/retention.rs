//! What the log keeps, and that what it kept can still be proved.
use countersign::admin::streams::{Place, forget, rewind};
use countersign::admin::{Error, retention};
use countersign::oauth::UnixTime;
use countersign::oauth::time::Seconds;
use countersign::sealing::proving;
use countersign::sealing::pruning;
use countersign::sealing::verification::{self, Against, Kind};
use countersign::server::retention::pass_blocking;
use countersign::store::{
    Conn, audit_chains, audit_log, audit_retention, audit_tree, audit_verification, streams,
};

use crate::support::{NOW, Server};

/// Findings of the tree, and what the chains say.
fn verify(server: &Server) -> (Vec<Kind>, Result<(i64, i64), &'static str>) {
    let against = Against { keys: None, outside: Vec::new() };
    let report = verification::verify(&server.app.store, &against, server.clock.now()).unwrap();
    let chains = server.read(audit_chains::names);
    let mut whole = Ok((0, 0));
    for chain in chains {
        match (server.read(|conn| audit_verification::verify(conn, &chain, None)), &mut whole) {
            (Ok(found), Ok((events, pruned))) => {
                *events += found.events;
                *pruned += found.pruned;
            }
            (Err(broken), _) => whole = Err(broken.why),
            _ => {}
        }
    }
    (report.findings.iter().map(|finding| finding.kind).collect(), whole)
}

/// Tokens of forty days ago and of today, all sealed and counted.
fn with_a_past(settings: &[(&str, &str)]) -> (Server, i64) {
    let server = Server::start_with(settings);
    let billing = server.world().billing;
    for _ in 0..30 {
        assert_eq!(server.token(&billing, &[]).status, 200);
    }
    server.settle();
    server.seal().unwrap();
    server.advance(Seconds::days(40));
    let old = server.read(audit_log::count);
    for _ in 0..5 {
        assert_eq!(server.token(&billing, &[]).status, 200);
    }
    server.settle();
    server.seal().unwrap();
    (server, old)
}

fn prune(server: &Server, before: UnixTime) -> Result<i64, Error> {
    let now = server.clock.now();
    let cut = server.app.store.read_blocking(|conn| retention::plan(conn, before, now))?;
    server.try_act(|conn, actor| retention::prune(conn, actor, &cut))?;
    pruning::delete_blocking(&server.app.store)?;
    Ok(cut.rows)
}

#[test]
fn what_is_kept_is_whole_and_proved_after_the_rest_went() {
    let (server, _) = with_a_past(&[]);
    let before = server.read(audit_log::count);
    let kept = server.events("token.issued")[32].id.clone();
    let proof = server.read(|conn| Ok(proving::prove(conn, &kept).unwrap()));

    let rows = prune(&server, server.clock.now() - Seconds::days(30)).unwrap();
    assert!(rows >= 30, "{rows}");
    assert_eq!(server.read(audit_log::count), before - rows + 1, "and the record of it");
    let event = &server.events("audit.pruned")[0];
    assert_eq!(
        (event.changes[1].field.as_ref(), event.changes[1].before.clone()),
        ("rows", rows.to_string())
    );

    server.seal().unwrap();
    let (findings, chains) = verify(&server);
    let (events, pruned) = chains.unwrap();
    assert_eq!((findings, events), (Vec::new(), before - rows + 1));
    assert!(pruned > 0);
    let again = server.read(|conn| Ok(proving::prove(conn, &kept).unwrap()));
    assert_eq!((again.body, again.record), (proof.body, proof.record));
    let traffic = server.read(|conn| countersign::store::usage::traffic(conn, 0, i64::MAX, None));
    assert_eq!(traffic.iter().map(|hour| hour.requests).sum::<i64>(), 35, "counts stay");
    // Again, and nothing is to go.
    assert_eq!(prune(&server, server.clock.now() - Seconds::days(30)).unwrap(), 0);
    assert_eq!(server.events("audit.pruned").len(), 1);
}

#[test]
fn nothing_goes_that_is_young_not_sealed_not_counted_or_held() {
    let (server, _) = with_a_past(&[]);
    let now = server.clock.now();
    assert!(matches!(prune(&server, now), Err(Error::Invalid(_))));
    assert!(matches!(prune(&server, now - Seconds::days(6)), Err(Error::Invalid(_))));

    let auditor = countersign::admin::Actor {
        who: countersign::admin::actor::Who::Administrator {
            id: "adm_1".into(),
            name: "Ann".into(),
            role: countersign::model::role::Role::Admin,
        },
        ..server.operator()
    };
    let cut = server.read(|conn| Ok(retention::plan(conn, now - Seconds::days(30), now).unwrap()));
    let write = |act: &dyn Fn(&mut Conn) -> Result<(), Error>| {
        server.app.store.write_blocking(|conn| act(conn))
    };
    assert!(matches!(write(&|c| retention::prune(c, &auditor, &cut)), Err(Error::Forbidden(_))));
    assert!(matches!(write(&|c| retention::hold(c, &auditor, "x")), Err(Error::Forbidden(_))));

    assert!(server.try_act(|conn, actor| retention::hold(conn, actor, " ")).is_err());
    server.act(|conn, actor| retention::hold(conn, actor, "case 7"));
    let held = prune(&server, now - Seconds::days(30)).unwrap_err().to_string();
    assert!(held.contains("case 7"), "{held}");
    // Planned before it was held.
    let late = server.try_act(|conn, actor| retention::prune(conn, actor, &cut));
    assert!(matches!(late, Err(Error::Conflict(_))));
    assert!(server.signed_in("auditor").get("/log/integrity").text.contains("case 7"));
    server.act(retention::release);
    assert!(server.try_act(retention::release).is_err());

    // Rows behind what is counted stay, and those behind them.
    server.database.execute("UPDATE usage_marks SET done = 0").unwrap();
    assert_eq!(prune(&server, now - Seconds::days(30)).unwrap(), 0);
    let delete = "DELETE FROM audit_events WHERE position = 1";
    assert!(server.database.execute(delete).unwrap_err().contains("append-only"));
    assert_eq!(verify(&server).0, []);
}

/// Each day, by the process that seals; what a killed one left is removed too.
#[test]
fn a_server_keeps_what_it_is_told_to_keep() {
    let (server, _) = with_a_past(&[("COUNTERSIGN_AUDIT_RETENTION_DAYS", "30")]);
    let went = pass_blocking(&server.app).unwrap();
    assert!(went >= 30, "{went}");
    assert_eq!(pass_blocking(&server.app).unwrap(), 0);
    let event = &server.events("audit.pruned")[0];
    assert_eq!(event.actor.kind, "system");
    let browser = server.signed_in("auditor");
    let page = browser.get("/log/integrity").text;
    assert!(page.contains("30 days") && page.contains("until"), "{page}");
    assert_eq!(browser.get("/log?period=all").status, 200);
    assert_eq!(browser.get(&format!("/log/{}", "0".repeat(26))).status, 404);
    let now = server.clock.now();
    assert!(now > NOW);

    // Given up, and then the process was killed.
    server.advance(Seconds::days(40));
    server.seal().unwrap();
    let now = server.clock.now();
    let cut = server.read(|conn| Ok(retention::plan(conn, now - Seconds::days(30), now).unwrap()));
    assert!(cut.rows >= 5);
    server.act(|conn, actor| retention::prune(conn, actor, &cut));
    server.seal().unwrap();
    assert_eq!(verify(&server).0, [], "half done is whole too");
    assert!(pass_blocking(&server.app).unwrap() >= 5);
    server.seal().unwrap();
    let (findings, chains) = verify(&server);
    assert!(findings.is_empty() && chains.is_ok(), "{findings:?} {chains:?}");
}

/// What a stream has not delivered is kept, however old, until it is delivered or
/// somebody has the stream forgotten.
#[test]
fn nothing_goes_that_a_stream_has_not_delivered() {
    let (server, _) = with_a_past(&[("COUNTERSIGN_AUDIT_RETENTION_DAYS", "30")]);
    let now = server.clock.now();
    let (month, write) = (now - Seconds::days(30), &server.app.store);
    write.write_blocking(|conn| streams::begin(conn, "siem", 1, 4)).unwrap();
    write.write_blocking(|conn| streams::begin(conn, "file", 1, 1)).unwrap();
    let leased = |conn: &mut Conn| streams::lease(conn, "file", "s9", now, Seconds(45));
    let progress = write.write_blocking(leased).unwrap().unwrap();
    assert_eq!(server.read(audit_tree::find).generation, 1);

    let cut = server.read(|conn| Ok(retention::plan(conn, month, now).unwrap()));
    assert_eq!((cut.end, cut.waits_for.as_deref()), (2, Some("file")));
    assert!(pass_blocking(&server.app).unwrap() > 0);
    assert_eq!(server.read(audit_retention::find).minimum, 2);
    let warned = server.get("/readyz");
    assert_eq!(warned.status, 200);
    assert!(warned.text.contains("for the stream file"), "{}", warned.text);
    assert!(server.app.metrics.encode().contains("audit_retention_waits 1"));
    assert!(server.signed_in("auditor").get("/log/integrity").text.contains("stream forget file"));

    // It goes on; then the other one is the slowest.
    let on = |conn: &mut Conn| streams::advance(conn, &progress, (1, 9), 1, now);
    assert!(write.write_blocking(on).unwrap());
    let cut = server.read(|conn| Ok(retention::plan(conn, month, now).unwrap()));
    assert_eq!((cut.end, cut.waits_for.as_deref()), (5, Some("siem")));
    // Planned, and then the stream is set back.
    server.act(|conn, actor| rewind(conn, actor, "siem", Place::After(2)));
    let late = server.try_act(|conn, actor| retention::prune(conn, actor, &cut));
    assert!(matches!(late, Err(Error::Conflict(why)) if why.contains("siem")));

    // A log that was begun anew is sent again from its first entry.
    server.database.execute("UPDATE streams SET generation = 0 WHERE name = 'siem'").unwrap();
    assert_eq!(prune(&server, month).unwrap(), 0);
    let behind = server.read(streams::with_backlog);
    let (siem, behind) = &behind[1];
    let size = server.read(audit_tree::find).size;
    assert_eq!((siem.name.as_str(), *behind), ("siem", size - 2), "less what was pruned");

    server.act(|conn, actor| forget(conn, actor, "siem"));
    let event = &server.events("stream.forgotten")[0];
    assert_eq!(event.target.as_ref().unwrap().name, "siem");
    assert!(matches!(
        server.try_act(|conn, actor| forget(conn, actor, "siem")),
        Err(Error::NotFound)
    ));
    assert!(prune(&server, month).unwrap() > 0);
    assert_eq!(server.read(audit_retention::find).minimum, 10);
    // Somebody delivers that one.
    let held = server.try_act(|conn, actor| forget(conn, actor, "file"));
    assert!(matches!(held, Err(Error::Conflict(_))));
    server.clock.advance(Seconds(46));
    server.act(|conn, actor| forget(conn, actor, "file"));
    prune(&server, month).unwrap();
    pass_blocking(&server.app).unwrap();
    assert!(server.app.metrics.encode().contains("audit_retention_waits 0"));
    assert!(!server.get("/readyz").text.contains("stream"));
    assert_eq!(verify(&server).0, []);
}

/// Who owns the database can remove rows and say that they were pruned; not
/// without a record of it.
#[test]
fn rows_that_went_without_a_record_are_no_policy() {
    let (server, _) = with_a_past(&[]);
    let run = |sql: &str| server.database.execute(sql).unwrap();
    run("INSERT INTO audit_pruned_chains VALUES ('main', 2)");
    run("DELETE FROM audit_events WHERE batch <= 2");
    assert_eq!(verify(&server).0, [Kind::Tampered]);
    run("UPDATE audit_retention SET minimum = 2, deleted = 2");
    assert_eq!(verify(&server).0, [Kind::Tampered]);
    run("DELETE FROM audit_pruned_chains");
    run("UPDATE audit_retention SET minimum = 0, deleted = 0");
    assert_eq!(verify(&server), (Vec::new(), Err("rows are missing")));

    // More than the record says.
    let (server, _) = with_a_past(&[]);
    prune(&server, server.clock.now() - Seconds::days(30)).unwrap();
    let state = server.read(audit_retention::find);
    assert_eq!(state.deleted, state.minimum);
    server.database.execute("UPDATE audit_pruned_chains SET batch = batch + 1").unwrap();
    assert_eq!(verify(&server).0, [Kind::Tampered]);
}
