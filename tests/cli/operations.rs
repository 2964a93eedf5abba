//! `migrate`, `check`, `healthcheck`, and what every command does.
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::{Cli, Ran, text};

/// The result and the detail of one check.
fn found(ran: &Ran, check: &str) -> (String, String) {
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let finding = checks.iter().find(|finding| finding["check"] == check);
    let finding = finding.unwrap_or_else(|| panic!("no {check}: {report}"));
    (text(&finding["result"]), text(&finding["detail"]))
}

#[test]
fn a_setting_nobody_knows_stops_every_command() {
    let mut cli = Cli::new();
    cli.set("COUNTERSIGN_LISTNE", "127.0.0.1:1");
    for command in [&["check"][..], &["migrate"], &["application", "list"], &["healthcheck"]] {
        assert_eq!(cli.refused(command), "COUNTERSIGN_LISTNE is not a setting");
    }
}

#[test]
fn a_variable_that_is_no_text_and_not_ours_is_nobodys_business() {
    let cli = Cli::new();
    let mut command = cli.command(&["application", "list"]);
    command.env("JUNK", std::ffi::OsStr::from_bytes(b"\xff"));
    assert!(command.output().unwrap().status.success());
}

#[test]
fn migrating_twice_changes_nothing_the_second_time() {
    let cli = Cli::new();
    let first = cli.json(&["migrate"]);
    assert!(first["migrations"].as_i64().unwrap() >= 4, "{first}");
    assert_eq!(cli.json(&["migrate"]), first);
}

#[test]
fn the_doctor_shows_every_setting_with_its_source_and_no_secret() {
    let mut cli = Cli::new();
    let key = "a7".repeat(32);
    cli.set("COUNTERSIGN_MASTER_KEY", &key);
    cli.set("COUNTERSIGN_INSTANCE", "east");
    cli.done(&["migrate"]);
    let ran = cli.run(&["check", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let settings = report["settings"].as_array().unwrap();
    let setting = |name: &str| settings.iter().find(|one| one["setting"] == name).unwrap();
    assert_eq!(setting("COUNTERSIGN_INSTANCE")["value"], "east");
    assert_eq!(setting("COUNTERSIGN_INSTANCE")["from"], "environment");
    assert_eq!(setting("COUNTERSIGN_WORKERS")["from"], "default");
    assert_eq!(settings.len(), countersign::config::setting::all().count());
    for shown in [&ran.out, &cli.done(&["check"])] {
        assert!(!shown.contains(&key));
    }
}

#[test]
fn the_doctor_makes_nothing() {
    let mut cli = Cli::new();
    if !cli.database.is_postgres() {
        cli.unset("DATABASE_URL");
        cli.unset("COUNTERSIGN_MASTER_KEY");
    }
    let ran = cli.run(&["check", "--json"]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    assert!(!cli.data().exists());
    if cli.database.is_postgres() {
        assert!(found(&ran, "schema").1.contains("on the next start"));
    } else {
        assert!(found(&ran, "database").1.contains("on the first start"));
        assert!(found(&ran, "master key").1.contains("on the first start"));
    }
    let second = cli.run(&["check", "--json"]);
    assert_eq!(second.out, ran.out);
}

#[test]
fn the_doctor_notices_a_master_key_that_is_another_or_gone_or_open_to_all() {
    let mut cli = Cli::new();
    // A server made the first signing key under the key of the environment.
    drop(crate::support::Server::start_on(cli.database.clone(), &[]));
    let ok = cli.run(&["check", "--json"]);
    assert_eq!(found(&ok, "signing keys"), ("ok".into(), "6 open under the master key".into()));

    cli.set("COUNTERSIGN_MASTER_KEY", &"1e".repeat(32));
    let other = cli.run(&["check", "--json"]);
    assert_eq!((other.code, found(&other, "signing keys").0.as_str()), (1, "failed"));
    assert_eq!(other.err, "countersign: 1 of 5 checks failed\n");

    cli.unset("COUNTERSIGN_MASTER_KEY");
    let gone = cli.run(&["check", "--json"]);
    assert_eq!((gone.code, found(&gone, "master key").0.as_str()), (1, "failed"));

    std::fs::create_dir(cli.data()).unwrap();
    let file = cli.data().join("master.key");
    std::fs::write(&file, "0f".repeat(32)).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let open = cli.run(&["check", "--json"]);
    assert!(found(&open, "master key").1.contains("chmod 600"));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(cli.run(&["check"]).code, 0);

    std::fs::set_permissions(cli.data(), PermissionsExt::from_mode(0o777)).unwrap();
    let writable = cli.run(&["check", "--json"]);
    assert_eq!((writable.code, found(&writable, "data folder").0.as_str()), (1, "failed"));
}

#[test]
fn a_database_that_is_away_is_said_in_one_sentence() {
    let mut cli = Cli::new();
    cli.set("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d");
    let ran = cli.run(&["application", "list"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    let check = cli.run(&["check", "--json"]);
    assert_eq!((check.code, found(&check, "database").0.as_str()), (1, "failed"));
    assert!(!check.out.contains("hunter2"));
    cli.set("DATABASE_URL", "mysql://h/d");
    assert!(cli.refused(&["migrate"]).contains("sqlite:// or postgres://"));
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    let mut cli = Cli::new();
    if cli.database.is_postgres() {
        return;
    }
    cli.unset("DATABASE_URL");
    cli.done(&["migrate"]);
    let mode = std::fs::metadata(cli.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
