//! `administrator`.
use countersign::admin::factors::{self, NewApp};
use countersign::keys::{MasterKey, sealed_text};
use countersign::model::totp::Step;
use countersign::store::administrators::find_by_email;

use super::Cli;
use crate::support::Server;

const CREATE: [&str; 8] =
    ["administrator", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "owner"];

#[test]
fn a_password_comes_from_standard_input_or_the_environment() {
    let mut cli = Cli::new();
    let made = cli.run_with(&CREATE, "correct horse battery\nnot this line\n");
    assert_eq!(made.code, 0, "{}", made.err);
    // There is no terminal, so nobody is asked.
    assert_eq!(made.err, "");

    cli.set("COUNTERSIGN_PASSWORD", "another horse battery");
    let arguments = ["administrator", "set-password", "ADA@example.com"];
    let said = cli.done(&arguments);
    assert!(said.contains("ada@example.com has a new password"), "{said}");

    let all = cli.json(&["administrator", "list"]);
    assert_eq!(all[0]["email"], "ada@example.com");
    assert_eq!(
        (all[0]["role"].as_str(), all[0]["state"].as_str()),
        (Some("owner"), Some("active"))
    );
    assert_eq!(cli.codes(), ["administrator.password_set", "administrator.created"]);
    let log = cli.done(&["audit", "export"]);
    assert!(!log.contains("horse") && !log.contains("argon2"));
}

#[test]
fn who_cannot_be_let_in_is_refused() {
    let mut cli = Cli::new();
    assert!(cli.run_with(&CREATE, "short\n").refusal().contains("15 characters"));
    assert!(cli.refused(&CREATE).contains("15 characters"));

    cli.set("COUNTERSIGN_PASSWORD", "correct horse battery");
    let role = [&CREATE[..7], &["root"]].concat();
    assert!(cli.refused(&role).contains("owner, admin, developer or auditor"));
    cli.done(&CREATE);
    assert!(cli.refused(&CREATE).contains("Another administrator"));
    let unknown = cli.refused(&["administrator", "set-password", "eve@example.com"]);
    assert_eq!(unknown, "there is no administrator eve@example.com");
    let argument = [&CREATE[..], &["--password", "correct horse battery"]].concat();
    assert_eq!(cli.run(&argument).code, 2);
    assert_eq!(cli.codes(), ["administrator.created"]);
}

/// Break glass: who can sign in no other way is let in from the machine itself.
#[test]
fn a_second_factor_is_removed_and_goes_along_to_another_master_key() {
    let mut cli = Cli::new();
    let server = Server::start_on(cli.database.clone(), &[]);
    let browser = server.signed_in("owner");
    cli.set("COUNTERSIGN_MASTER_KEY", &"0f".repeat(32));
    let reset = ["administrator", "reset-factors", "owner@example.com"];
    assert!(cli.refused(&reset).contains("no second factor"));
    let id = server.read(|conn| find_by_email(conn, "owner@example.com")).unwrap().0.id;
    let purpose = sealed_text::of_app(&id);
    let sealed = server.app.keys.seal_text(&purpose, &[7; 20]).unwrap();
    let app = NewApp { sealed, step: Step(1), recovery_codes: vec![[1; 32]] };
    server.act(|conn, actor| factors::set_up_first(conn, actor, &id, &app));

    let file = cli.data().join("other.key");
    std::fs::create_dir_all(cli.data()).unwrap();
    std::fs::write(&file, "11".repeat(32)).unwrap();
    let file = file.display().to_string();
    cli.done(&["key", "reseal", "--new-master-key-file", &file]);
    let resealed = server.read(|conn| factors::of(conn, &id)).unwrap().app.sealed;
    let other = MasterKey::from_bytes([0x11; 32]);
    assert_eq!(other.open(&purpose, &resealed).unwrap().as_slice(), [7; 20]);
    assert!(server.app.keys.open_text(&purpose, &resealed).is_err());

    let said = cli.done(&reset);
    assert!(said.contains("owner@example.com has no second factor any more"), "{said}");
    assert_eq!(browser.get("/").status, 303, "sessions are ended");
    assert!(server.read(|conn| factors::of(conn, &id)).is_none());
    let event = server.events("second_factor.removed").pop().unwrap();
    assert_eq!(event.actor.kind, "operator");
    let unknown = cli.refused(&["administrator", "reset-factors", "eve@example.com"]);
    assert_eq!(unknown, "there is no administrator eve@example.com");
}
