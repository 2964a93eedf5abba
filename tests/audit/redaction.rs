//! What is personal or secret leaves the log; what the log proves does not.
use countersign::admin::redaction::{self, MOST, Reason, Redaction};
use countersign::admin::{Error, retention};
use countersign::oauth::time::Seconds;
use countersign::reports::rows::Format;
use countersign::sealing::proving::{self, Unproved};
use countersign::sealing::verification::{self, Against};
use countersign::store::{audit_log, audit_redactions, audit_verification};

use crate::support::Server;
use crate::support::world::Client;

fn reason() -> Reason {
    Reason { basis: "GDPR Art. 17".into(), why: "asked for it".into() }
}

fn redact(server: &Server, what: &Redaction) -> Result<usize, Error> {
    let (rows, _) = server.app.store.read_blocking(|conn| redaction::plan(conn, what))?;
    server.try_act(|conn, actor| redaction::redact(conn, actor, &rows, &reason()))?;
    Ok(rows.len())
}

/// How many rows are whole and how many redacted, or what is wrong.
fn verify(server: &Server) -> Result<(i64, i64), &'static str> {
    let against = Against { keys: None, outside: Vec::new() };
    let report = verification::verify(&server.app.store, &against, server.clock.now()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let found = server.read(|conn| audit_verification::verify(conn, "main", None));
    found.map(|whole| (whole.events, whole.redacted)).map_err(|broken| broken.why)
}

/// Somebody typed a secret where the client id belongs.
fn with_a_typed_secret(server: &Server) -> String {
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    let typed = Client { client_id: "hunter2-hunter2".into(), ..billing.clone() };
    assert_eq!(server.token(&typed, &[]).status, 401);
    assert_eq!(server.token(&billing, &[]).status, 200);
    server.settle();
    server.seal().unwrap();
    server.events("token.denied")[0].id.clone()
}

#[test]
fn a_row_loses_its_text_and_every_other_proof_holds() {
    let server = Server::start();
    let id = with_a_typed_secret(&server);
    let kept = server.events("token.issued")[1].id.clone();
    let proof = server.read(|conn| Ok(proving::prove(conn, &kept).unwrap()));
    let before = verify(&server).unwrap();
    assert!(server.database.dump().contains(&text_of(&server, "hunter…")));

    assert_eq!(redact(&server, &Redaction::Row(id.clone())).unwrap(), 1);
    server.seal().unwrap();
    assert_eq!(verify(&server).unwrap(), (before.0 + 1, 1), "and the record of it");
    let row = server.read(|conn| audit_log::find(conn, &id)).unwrap();
    assert!(row.is_redacted() && !row.body.contains("hunter") && row.client_id.is_none());
    let event = row.event().unwrap();
    assert!(event.is_redacted() && event.code == "token.denied");
    let again = server.read(|conn| Ok(proving::prove(conn, &kept).unwrap()));
    assert_eq!((again.record, again.row_path), (proof.record, proof.row_path));
    let none = server
        .app
        .store
        .read_blocking(|conn| Ok::<_, countersign::store::Error>(proving::prove(conn, &id).err()));
    assert!(matches!(none, Ok(Some(Unproved::Redacted))));

    let act = &server.events("audit.redacted")[0];
    assert_eq!(act.detail.as_deref(), Some("GDPR Art. 17: asked for it"));
    let change = &act.changes[0];
    assert_eq!((&*change.field, &*change.after), (id.as_str(), "token.denied"));
    assert_eq!(change.before, audit_redactions::hex(&row.leaf().unwrap()));

    // Wherever rows are shown or taken along.
    for format in [Format::Jsonl, Format::Csv, Format::Cef, Format::Ocsf] {
        let lines = format.lines(std::slice::from_ref(&row));
        assert!(lines.contains("redacted") && !lines.contains("hunter"), "{lines}");
    }
    assert!(Format::Jsonl.lines(&[row]).contains("\"leaf\""));
    let auditor = server.signed_in("auditor");
    let page = auditor.get(&format!("/log/{id}"));
    assert_eq!(page.status, 200);
    assert!(page.text.contains("redacted") && !page.text.contains("hunter"), "{}", page.text);
    assert!(auditor.get("/log/integrity").text.contains("1 rows"));
    assert_eq!(auditor.get("/log?period=all").status, 200);

    assert!(matches!(redact(&server, &Redaction::Row(id)), Err(Error::Conflict(_))), "twice");
    assert!(matches!(redact(&server, &Redaction::Row(kept)), Err(Error::Conflict(_))), "a token");
    assert!(matches!(redact(&server, &Redaction::Row("0".into())), Err(Error::NotFound)));
    let act = Redaction::Row(act.id.clone());
    assert!(matches!(redact(&server, &act), Err(Error::Conflict(_))), "the record of it");
}

/// As the dump of the database has a text.
fn text_of(server: &Server, text: &str) -> String {
    if server.database.is_postgres() {
        return text.to_owned();
    }
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_a_person_did_and_what_was_done_to_them_goes_up_to_a_day() {
    let server = Server::start();
    server.seal().unwrap();
    let owner = server.signed_in("owner");
    let admin = server.signed_in("admin");
    for path in ["/log", "/log/integrity"] {
        assert_eq!(admin.get(path).status, 200);
    }
    let people = server.read(countersign::store::administrators::all);
    let person = people.iter().find(|one| one.role.as_str() == "admin").unwrap().clone();
    server.settle();
    server.advance(Seconds::days(2));
    let before = server.clock.now() - Seconds::days(1);
    let what = Redaction::Person { id: person.id.clone(), before };
    let rows = redact(&server, &what).unwrap();
    assert!(rows > 1 && rows < MOST, "{rows}");
    assert_eq!(
        redact(&server, &what).map_err(|error| error.to_string()),
        Err("one to 200 rows are redacted at a time".to_owned(),)
    );
    server.seal().unwrap();
    assert_eq!(verify(&server).unwrap().1, i64::try_from(rows).unwrap());
    let chain = server.read(|conn| audit_log::after(conn, "main", 0, 10_000));
    let named = chain.iter().filter(|row| row.body.contains(&person.id)).count();
    assert_eq!(named, 0);
    drop(owner);
}

#[test]
fn only_an_owner_redacts_for_a_reason_and_not_while_the_log_is_held() {
    use countersign::admin::Actor;
    use countersign::admin::actor::Who;
    use countersign::model::role::Role;
    let server = Server::start();
    let id = with_a_typed_secret(&server);
    let (rows, more) =
        server.read(|conn| Ok(redaction::plan(conn, &Redaction::Row(id.clone())).unwrap()));
    assert!(!more);
    for role in [Role::Admin, Role::Auditor, Role::Developer] {
        let who = Who::Administrator { id: "adm_1".into(), name: "Ann".into(), role };
        let actor = Actor { who, ..server.operator() };
        let act = server
            .app
            .store
            .write_blocking(|conn| redaction::redact(conn, &actor, &rows, &reason()));
        assert!(matches!(act, Err(Error::Forbidden(_))), "{role}");
    }
    for (basis, why) in [("", "x"), ("x", " ")] {
        let reason = Reason { basis: basis.into(), why: why.into() };
        let act = server.try_act(|conn, actor| redaction::redact(conn, actor, &rows, &reason));
        assert!(matches!(act, Err(Error::Invalid(_))));
    }
    server.act(|conn, actor| retention::hold(conn, actor, "case 7"));
    let held = redact(&server, &Redaction::Row(id.clone())).unwrap_err().to_string();
    assert!(held.contains("case 7"), "{held}");
    server.act(retention::release);
    assert_eq!(redact(&server, &Redaction::Row(id)).unwrap(), 1);
}

/// Triggers let through what a redaction does, after its record, and no more.
#[test]
fn nothing_but_a_redaction_changes_a_row() {
    let server = Server::start();
    let id = with_a_typed_secret(&server);
    let row = server.read(|conn| audit_log::find(conn, &id)).unwrap();
    let hash = audit_redactions::hex(&row.leaf().unwrap());
    let stub = row.stub().unwrap().body();
    let blob = if server.database.is_postgres() {
        format!("decode('{hash}', 'hex')")
    } else {
        format!("x'{hash}'")
    };
    let refused = |set: &str| {
        let sql = format!("UPDATE audit_events SET {set} WHERE id = '{id}'");
        let error = server.database.execute(&sql).unwrap_err();
        assert!(error.contains("append-only"), "{set}: {error}");
    };
    let whole =
        format!("body = '{stub}', salt = {blob}, reason = NULL, client_id = NULL, resource = NULL");
    refused(&whole);
    server.database.execute(&format!("INSERT INTO audit_redactions VALUES ('{id}', 'x')")).unwrap();
    for set in [
        format!("body = '{stub}'"),
        format!("salt = {blob}"),
        format!("{whole}, outcome = 'success'"),
        format!("{whole}, at = 1"),
        whole.replace("redacted", "redactod"),
        whole.replace("reason = NULL", "reason = 'x'"),
    ] {
        refused(&set);
    }
    // What is noted of a redaction stays noted.
    for sql in ["DELETE FROM audit_redactions", "UPDATE audit_redactions SET act = 'y'"] {
        assert!(server.database.execute(sql).unwrap_err().contains("append-only"));
    }
    // Who owns the database can write this; without a record it is no redaction.
    let sql = format!("UPDATE audit_events SET {whole} WHERE id = '{id}'");
    server.database.execute(&sql).unwrap();
    assert_eq!(verify(&server), Err("a row was redacted, and no record says so"));
}

/// A record that names another row, or another hash, is none.
#[test]
fn a_redaction_under_the_record_of_another_is_tampering() {
    let server = Server::start();
    let id = with_a_typed_secret(&server);
    let issued = server.events("token.issued")[0].id.clone();
    redact(&server, &Redaction::Row(id)).unwrap();
    assert!(verify(&server).is_ok());
    let act = server.events("audit.redacted")[0].id.clone();
    let row = server.read(|conn| audit_log::find(conn, &issued)).unwrap();
    let write = |conn: &mut countersign::store::Conn| {
        audit_redactions::redact(conn, std::slice::from_ref(&row), &act)
    };
    server.app.store.write_blocking(write).unwrap();
    assert_eq!(verify(&server), Err("a row was redacted, and no record says so"));
}
