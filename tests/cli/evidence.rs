//! `audit verify`, `prove`, `check-proof`, `consistency`, `keys` and `fork`:
//! what an auditor runs, and a verifier that shares no code with us.
use std::path::Path;
use std::process::Command;

use countersign::model::audit_event::Outcome;
use countersign::oauth::time::Seconds;
use countersign::store::{Conn, Error, audit_chains, audit_tree};

use super::{Cli, text};
use crate::support::Server;

/// A log of two checkpoints, which are kept in files as an auditor would.
fn sealed() -> (Cli, Server) {
    let mut cli = Cli::new();
    let file = cli.database.folder().join("checkpoint");
    cli.set("COUNTERSIGN_CHECKPOINT_FILE", &file.display().to_string());
    cli.set("COUNTERSIGN_ISSUER", crate::support::ISSUER);
    let server = Server::start_on(cli.database.clone(), &[("COUNTERSIGN_PUBLIC_LOG", "true")]);
    let billing = server.world().billing;
    for name in ["old", "new"] {
        for _ in 0..3 {
            assert_eq!(server.token(&billing, &[]).status, 200);
        }
        server.clock.advance(Seconds(1));
        server.seal().unwrap();
        let note = server.read(audit_tree::find).note;
        std::fs::write(cli.folder.path().join(name), note).unwrap();
    }
    std::fs::write(cli.folder.path().join("keys"), cli.done(&["audit", "keys"])).unwrap();
    (cli, server)
}

fn python(cli: &Cli, arguments: &[&str]) -> Option<(bool, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify_audit.py");
    let ran =
        Command::new("python3").arg(script).args(arguments).current_dir(cli.folder.path()).output();
    match ran {
        Ok(ran) => {
            let told = [ran.stdout, ran.stderr].concat();
            Some((ran.status.success(), String::from_utf8(told).unwrap()))
        }
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "python3: {error}");
            None
        }
    }
}

#[test]
fn an_auditor_proves_a_row_without_a_database_and_without_this_program() {
    let (cli, server) = sealed();
    let id = server.events("token.issued")[4].id.clone();
    let told = cli.json(&["audit", "prove", "--jti", &id, "--out", "row.proof"]);
    let beside = told["bytes"].as_u64().unwrap() - told["row_bytes"].as_u64().unwrap();
    assert!(beside < 1_536, "{beside} bytes beside the row");
    assert_eq!(
        cli.done(&["audit", "prove", "--id", &format!("req_{id}")]).len() as u64,
        told["bytes"].as_u64().unwrap()
    );

    let mut offline = Cli::new();
    offline.set("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let path = |name: &str| cli.folder.path().join(name).display().to_string();
    let proved =
        offline.json(&["audit", "check-proof", &path("row.proof"), "--key", &path("keys")]);
    assert_eq!((text(&proved["event"]["id"]), &proved["proved"]), (id.clone(), &true.into()));

    let proof = std::fs::read_to_string(path("row.proof")).unwrap();
    std::fs::write(path("forged.proof"), proof.replace("success", "denied!")).unwrap();
    let forged =
        offline.run(&["audit", "check-proof", &path("forged.proof"), "--key", &path("keys")]);
    assert_eq!(forged.code, 10, "{}", forged.err);

    let Some((held, said)) = python(&cli, &["proof", "row.proof", "--key", "keys"]) else { return };
    assert!(held && said.contains(&id), "{said}");
    let (held, said) = python(&cli, &["proof", "forged.proof", "--key", "keys"]).unwrap();
    assert!(!held && said.contains("does not belong to the batch"), "{said}");
    let url = format!("http://{}/audit/tlog", server.address);
    let (held, said) = python(&cli, &["tree", &url, "--key", "keys"]).unwrap();
    assert!(held && said.contains("of 1 chains"), "{said}");
}

#[test]
fn one_checkpoint_goes_on_from_another_or_does_not() {
    let (cli, _server) = sealed();
    let proof = cli.json(&["audit", "consistency", "old", "new"]);
    std::fs::write(cli.folder.path().join("proof"), proof.to_string()).unwrap();
    let backwards = cli.run(&["audit", "consistency", "new", "old"]);
    assert_eq!(backwards.code, 12, "{}", backwards.err);
    let forged = std::fs::read_to_string(cli.folder.path().join("old")).unwrap();
    std::fs::write(cli.folder.path().join("forged"), forged.replacen("tlog\n", "tlog\n1", 1))
        .unwrap();
    assert_eq!(cli.run(&["audit", "consistency", "forged", "new"]).code, 10);
    let Some((held, said)) = python(&cli, &["consistency", "old", "new", "proof", "--key", "keys"])
    else {
        return;
    };
    assert!(held, "{said}");
    assert!(!python(&cli, &["consistency", "new", "old", "proof", "--key", "keys"]).unwrap().0);
    assert!(!python(&cli, &["checkpoint", "forged", "--key", "keys"]).unwrap().0);
}

#[test]
fn each_kind_of_finding_has_an_exit_code_of_its_own() {
    let (cli, server) = sealed();
    let verify = |rest: &[&str]| {
        let ran = cli.run(&[&["audit", "verify"], rest].concat());
        (ran.code, ran.err)
    };
    assert_eq!(verify(&["--key", "keys", "--against", "old"]), (0, String::new()));
    assert_eq!(verify(&["--since", "2023-11-14T22:13:21Z"]).0, 0);
    let other = "issuer.example/audit/tlog+7f2a2dae+AXKGnhYRZ";
    assert_eq!(verify(&["--key", other]).0, 1, "no key");

    // What was recorded a minute ago and is not sealed could be changed.
    let event = server.operator().event("audit.exported", Outcome::Success);
    let append = |conn: &mut Conn| audit_chains::append(conn, "main", &[event]);
    server.app.store.write_blocking::<_, Error>(append).unwrap();
    let (code, err) = verify(&[]);
    assert_eq!(code, 13, "{err}");
    server.seal().unwrap();

    server.database.disarm();
    let run = |sql: &str| server.database.execute(sql).unwrap();
    run("UPDATE audit_tree SET size = size - 1; DELETE FROM audit_sealed_batches \
         WHERE entry = (SELECT MAX(entry) FROM audit_sealed_batches)");
    run("UPDATE audit_tree SET note = '', published_size = 0; DELETE FROM audit_checkpoints");
    assert_eq!(verify(&[]).0, 12, "the file tells of more");
    run("DELETE FROM audit_events WHERE position = 9");
    let (code, err) = verify(&[]);
    assert_eq!(code, 11);
    assert!(err.contains("rows are missing (2023-11-14T22:13:20"), "{err}");
    run("UPDATE audit_events SET at = at + 1 WHERE position = 8");
    assert_eq!(verify(&[]).0, 10);
}

#[test]
fn an_operator_begins_the_log_anew_once_there_is_a_reason() {
    let (cli, server) = sealed();
    assert!(cli.done(&["audit", "fork"]).contains("goes on from what was signed"));
    server.database.disarm();
    let run = |sql: &str| server.database.execute(sql).unwrap();
    run("DELETE FROM audit_sealed_batches WHERE entry > 4; DELETE FROM audit_checkpoints; \
         UPDATE audit_tree SET size = 5, note = '', published_size = 0");
    let why = cli.refused(&["audit", "fork"]);
    assert!(why.contains("an older database was put in its place"), "{why}");
    assert!(cli.refused(&["audit", "fork", "--acknowledge"]).contains("--reason"));
    let done = cli.done(&["audit", "fork", "--acknowledge", "--reason", "restored on Monday"]);
    assert!(done.contains("issuer.example/audit/tlog/2"), "{done}");
    server.clock.advance(Seconds(5));
    server.seal().unwrap();
    assert_eq!(cli.run(&["audit", "verify"]).code, 0);
    assert!(cli.done(&["audit", "keys"]).contains("tlog/2+"));
}

/// The pack of a log of several batches, its keys beside it.
fn pack() -> Option<(Cli, Server, std::path::PathBuf)> {
    let (cli, server) = sealed();
    let to = "2023-11-14T22:13:21Z";
    let made = cli.json(&["audit", "export", "--with-proofs", "--to", to, "--output", "pack"]);
    assert!(made["rows"].as_i64().unwrap() > 6 && made["entries"].as_i64().unwrap() > 6, "{made}");
    let folder = cli.folder.path().join("pack");
    let (held, said) = python(&cli, &["pack", "pack", "--key", "keys"])?;
    assert!(held && said.contains("all there, unchanged and in order"), "{said}");
    Some((cli, server, folder))
}

#[test]
fn a_pack_shows_by_itself_that_no_row_was_changed_left_out_or_moved() {
    let Some((cli, server, folder)) = pack() else { return };
    // With the verifier that is in it.
    let mut own = Command::new("python3");
    own.current_dir(&folder).args(["verify_audit.py", "pack", ".", "--key", "../keys"]);
    let own = own.output().unwrap();
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stderr));

    let refused = |what: &str| {
        let (held, said) = python(&cli, &["pack", "pack", "--key", "keys"]).unwrap();
        assert!(!held && said.contains("does not hold: "), "{what}: {said}");
    };
    let names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(names.len(), 8);
    for path in names {
        let whole = std::fs::read(&path).unwrap();
        // What was asked for is said in the manifest alone, and by the log.
        let parts = if path.ends_with("manifest.json") { [0, 3] } else { [0, 7] };
        for part in parts {
            let mut bytes = whole.clone();
            let at = bytes.len() * part / 8;
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            refused(&format!("{} at {at}", path.display()));
        }
        std::fs::remove_file(&path).unwrap();
        refused(&format!("{} gone", path.display()));
        std::fs::write(&path, whole).unwrap();
    }

    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &manifest);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let ended = cli.done(&["audit", "export", "--code", "audit.export_ended"]);
    assert!(ended.contains(&hash), "{ended}");
    drop(server);
}

/// By somebody who makes the manifest anew.
#[test]
fn a_pack_with_a_manifest_made_anew_does_not_hold_either() {
    let Some((cli, server, folder)) = pack() else { return };
    let refused = |what: &str| {
        let (held, said) = python(&cli, &["pack", "pack", "--key", "keys"]).unwrap();
        assert!(!held && said.contains("does not hold: "), "{what}: {said}");
    };
    let forge = |name: &str, forged: &dyn Fn(Vec<String>) -> Vec<String>| {
        let (path, manifest) = (folder.join(name), folder.join("manifest.json"));
        let (whole, told) = (std::fs::read(&path).unwrap(), std::fs::read(&manifest).unwrap());
        let lines = String::from_utf8(whole.clone()).unwrap();
        let lines = forged(lines.lines().map(str::to_owned).collect());
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &std::fs::read(&path).unwrap());
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut said: serde_json::Value = serde_json::from_slice(&told).unwrap();
        said["files"][name] = digest.into();
        let rows = said["rows"].as_u64().unwrap();
        // As many rows as there are now.
        let lines = lines.join("\n").lines().count() as u64;
        let rows = if name == "events.jsonl" { lines } else { rows };
        said["rows"] = rows.into();
        std::fs::write(&manifest, said.to_string()).unwrap();
        refused(&format!("{name} of {rows} rows"));
        std::fs::write(&path, whole).unwrap();
        std::fs::write(&manifest, told).unwrap();
    };
    forge("events.jsonl", &|mut rows| [rows.remove(1), rows.join("\n")][1..].to_vec());
    forge("events.jsonl", &|mut rows| {
        rows.insert(2, rows[2].clone());
        rows
    });
    forge("events.jsonl", &|mut rows| {
        rows.swap(2, 3);
        rows
    });
    forge("events.jsonl", &|rows| {
        rows.iter().map(|row| row.replace("success", "denied!")).collect()
    });
    for name in ["batches.txt", "tree-proof.txt"] {
        forge(name, &|mut lines| {
            let last = lines.pop().unwrap_or_default();
            lines.insert(0, last);
            lines.push(lines[0].clone());
            lines
        });
    }
    forge("batches.txt", &|mut lines| {
        lines.swap(1, 2);
        lines
    });
    assert!(python(&cli, &["pack", "pack", "--key", "keys"]).unwrap().0, "as it was");
    drop(server);
}

#[test]
fn a_pack_is_of_a_time_and_of_what_is_sealed() {
    let (cli, _server) = sealed();
    let to = "2023-11-14T22:13:21Z";
    let part = ["audit", "export", "--with-proofs", "--to", to, "--output", "old-pack"];
    let made = cli.json(&part);
    let all = cli.json(&["audit", "export", "--with-proofs", "--output", "all"]);
    assert!(made["entries"].as_i64().unwrap() < all["entries"].as_i64().unwrap(), "{made} {all}");
    assert!(cli.refused(&part).contains("old-pack"), "it is there already");
    let none = ["audit", "export", "--with-proofs", "--to", "2020-01-01", "--output", "none"];
    assert!(cli.refused(&none).contains("no row of that time"));
    let csv = ["audit", "export", "--with-proofs", "--format", "csv", "--output", "csv"];
    assert!(cli.refused(&csv).contains("JSON Lines"));
    let narrowed = ["audit", "export", "--with-proofs", "--client", "m2m_1", "--output", "x"];
    assert_eq!(cli.run(&narrowed).code, 2, "what is left out cannot be proved");
    if let Some((held, said)) = python(&cli, &["pack", "old-pack", "--key", "keys"]) {
        assert!(held, "{said}");
    }
}

#[test]
fn a_report_of_a_day_has_its_numbers_its_acts_and_a_checkpoint() {
    let (cli, server) = sealed();
    let api = crate::support::world::BILLING_API;
    let reader = server.application("reader", &[(api, "invoices:read")]);
    server.token(&reader, &[("scope", "invoices:write")]);
    let told = cli.json(&["audit", "report", "daily", "--date", "2023-11-14"]);
    let issued: i64 = told["applications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["issued"].as_i64().unwrap())
        .sum();
    assert_eq!(issued, 6, "{told}");
    assert!(told["applications"].to_string().contains(r#""scope_not_granted":1"#), "{told}");
    assert!(told["apis"].as_array().unwrap().iter().any(|row| row["issued"] == 6), "{told}");
    assert!(told["secrets"].as_array().unwrap().iter().any(|row| row["code"] == "secret.added"));
    assert!(told["acts"].as_array().unwrap().iter().any(|row| row["by"] == "root"), "{told}");
    assert_eq!(told["new_sources"], serde_json::Value::Null, "years ago");
    assert!(text(&told["checkpoint"]["text"]).starts_with("issuer.example/audit/tlog"), "{told}");

    let page = cli.done(&["audit", "report", "daily", "--date", "2023-11-14"]);
    assert!(
        page.contains("6 issued; refused: none") && page.contains("scope_not_granted 1"),
        "{page}"
    );
    let empty = cli.done(&["audit", "report", "daily", "--date", "2023-11-13"]);
    assert!(empty.contains("* none") && empty.contains("None was kept"), "{empty}");
    assert!(cli.done(&["audit", "report", "daily"]).starts_with("# The audit log from 2"));
    assert!(cli.refused(&["audit", "report", "daily", "--date", "monday"]).contains("monday"));
    assert!(cli.codes().iter().filter(|code| *code == "report.exported").count() >= 4);
}
