//! `administrator`.
use countersign::admin::factors::{self, NewApp};
use countersign::host::Clock;
use countersign::keys::{MasterKey, sealed_text};
use countersign::model::totp::Step;
use countersign::store::administrators::find_by_email;

use super::Cli;
use crate::support::browser::PASSWORD;
use crate::support::{NOW, Server};

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

#[test]
fn a_break_glass_account_is_made_and_ended_from_the_machine() {
    let mut cli = Cli::new();
    cli.set("COUNTERSIGN_PASSWORD", "correct horse battery");
    let glass = ["administrator", "break-glass", "glass@example.com"];
    let end = [&glass[..], &["--end"]].concat();
    assert_eq!(cli.refused(&glass), "there is no administrator glass@example.com");
    let said = cli.done(&[&glass[..], &["--name", "Glass"]].concat());
    assert!(said.contains("glass@example.com is a break-glass account."), "{said}");
    assert_eq!(cli.json(&["administrator", "list"])[0]["role"], "owner");
    assert!(cli.refused(&glass).contains("already"));
    let said = cli.done(&end);
    assert!(said.contains("glass@example.com is an account like others."), "{said}");
    assert_eq!(cli.refused(&end), "there is no break-glass account glass@example.com");
    cli.done(&glass);
    let codes = cli.codes();
    assert_eq!(codes[..2], ["break_glass.made", "break_glass.ended"]);
    assert!(codes[2..].contains(&"break_glass.made".to_owned()), "made at once, with the account");
    assert!(codes[2..].contains(&"administrator.created".to_owned()));
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
    let resealed = server.read(|conn| factors::of(conn, &id)).app.unwrap().sealed;
    let other = MasterKey::from_bytes([0x11; 32]);
    assert_eq!(other.open(&purpose, &resealed).unwrap().as_slice(), [7; 20]);
    assert!(server.app.keys.open_text(&purpose, &resealed).is_err());

    let said = cli.done(&reset);
    assert!(said.contains("owner@example.com has no second factor any more"), "{said}");
    assert_eq!(browser.get("/").status, 303, "sessions are ended");
    let left = server.read(|conn| factors::of(conn, &id));
    assert!(left.is_empty() && left.codes == 0);
    let event = server.events("second_factor.removed").pop().unwrap();
    assert_eq!(event.actor.kind, "operator");
    let unknown = cli.refused(&["administrator", "reset-factors", "eve@example.com"]);
    assert_eq!(unknown, "there is no administrator eve@example.com");
}

/// What an owner does in the console is done from the machine itself in the same
/// way: the person chooses the password, and nobody else sees it.
#[test]
fn links_are_printed_once_and_are_those_of_the_console() {
    let mut cli = Cli::new();
    let server = Server::start_on(cli.database.clone(), &[]);
    cli.set("COUNTERSIGN_ISSUER", crate::support::ISSUER);
    let invite = [
        "administrator",
        "invite",
        "--email",
        "ada@example.com",
        "--name",
        "Ada",
        "--role",
        "owner",
    ];
    let made = cli.run(&invite);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("For ada@example.com, once, until "), "{}", made.err);
    let link = made.out.trim().strip_prefix(crate::support::ISSUER).unwrap().to_owned();
    assert!(link.starts_with("/invitation?token="), "{link}");
    let again = cli.json(&[&invite[..], &["--good-for", "7d"]].concat());
    let newer = again["link"].as_str().unwrap().strip_prefix(crate::support::ISSUER).unwrap();
    let browser = server.browser();
    assert_eq!(browser.get(&link).status, 409, "another invitation stands in its place");
    assert_eq!(browser.get(newer).status, 200);
    let token = newer.split_once('=').unwrap().1;
    let fields = [("token", token), ("password", PASSWORD)];
    assert_eq!(browser.post("/invitation", &fields).status, 303);
    assert_eq!(browser.sign_in("ada@example.com", PASSWORD).header("location"), Some("/"));
    assert!(cli.refused(&invite).contains("Another administrator"));
    let late = [&invite[..3], &["eve@example.com"], &invite[4..], &["--good-for", "2d"]].concat();
    assert!(cli.refused(&late).contains("how long"));

    let reset = cli.json(&["administrator", "reset-password", "ADA@example.com"]);
    let link = reset["link"].as_str().unwrap().strip_prefix(crate::support::ISSUER).unwrap();
    let token = link.strip_prefix("/password-reset?token=").unwrap();
    let other = "another horse battery staple";
    let fields = [("token", token), ("password", other)];
    assert_eq!(server.browser().post("/password-reset", &fields).status, 303);
    assert_eq!(browser.get("/").status, 303, "sessions are ended");
    assert_eq!(browser.sign_in("ada@example.com", other).header("location"), Some("/"));
    let unknown = cli.refused(&["administrator", "reset-password", "eve@example.com"]);
    assert_eq!(unknown, "there is no administrator eve@example.com");

    assert_eq!(server.events("invitation.created").len(), 2);
    let started = server.events("administrator.reset_started").pop().unwrap();
    assert_eq!(
        (started.actor.kind.as_ref(), started.actor.name.as_deref()),
        ("operator", Some("robot"))
    );
    assert!(!cli.done(&["audit", "export"]).contains(token));
}

#[test]
fn sessions_are_listed_and_ended_and_people_suspended() {
    let cli = Cli::new();
    let server = Server::start_on(cli.database.clone(), &[]);
    // The commands go by the machine's clock.
    server.advance(Clock::System.now().since(NOW));
    let [browser, other] = [server.signed_in("owner"), server.browser()];
    other.sign_in("owner@example.com", PASSWORD);
    server.administrator("admin");
    let of = |email: &str| cli.json(&["administrator", "sessions", email]);
    assert_eq!(of("admin@example.com").as_array().map(Vec::len), Some(0));
    let all = of("owner@example.com");
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert_eq!(all[0]["address"], "127.0.0.1");
    let end = |session: &str| {
        ["administrator", "end-sessions", "owner@example.com", "--session", session]
            .map(str::to_owned)
    };
    let one = end(all[0]["id"].as_str().unwrap());
    cli.done(&one.each_ref().map(String::as_str));
    assert_eq!(of("owner@example.com").as_array().map(Vec::len), Some(1));
    let again = cli.refused(&one.each_ref().map(String::as_str));
    assert!(again.starts_with("there is no session ses_"), "{again}");
    let said = cli.done(&["administrator", "end-sessions", "owner@example.com"]);
    assert_eq!(said.trim(), "Sessions of owner@example.com that ended: 1.");
    assert_eq!((browser.get("/").status, other.get("/").status), (303, 303));
    let revoked = server.events("session.revoked");
    assert!(revoked.iter().all(|event| event.actor.kind == "operator"), "{revoked:?}");

    let last = cli.refused(&["administrator", "suspend", "owner@example.com"]);
    assert!(last.contains("There must be an owner"), "{last}");
    assert!(cli.done(&["administrator", "suspend", "admin@example.com"]).contains("suspended"));
    assert_eq!(server.browser().sign_in("admin@example.com", PASSWORD).status, 422);
    cli.done(&["administrator", "resume", "admin@example.com"]);
    assert_eq!(server.browser().sign_in("admin@example.com", PASSWORD).status, 303);
}

#[test]
fn addresses_are_blocked_listed_and_let_in_again() {
    let cli = Cli::new();
    let block = ["administrator", "block", "192.0.2.0/24", "--for", "7d", "--reason", "guessing"];
    assert!(cli.done(&block).contains("192.0.2.0/24 cannot sign in for 7d"));
    let all = cli.json(&["administrator", "blocks"]);
    assert_eq!(
        (&all[0]["network"], &all[0]["reason"]),
        (&"192.0.2.0/24".into(), &"guessing".into())
    );
    assert!(cli.refused(&["administrator", "block", "nowhere"]).contains("address"));
    assert!(
        cli.refused(&["administrator", "block", "192.0.2.1", "--for", "2h"]).contains("how long")
    );
    cli.done(&["administrator", "unblock", "192.0.2.0/24"]);
    let gone = cli.refused(&["administrator", "unblock", "192.0.2.0/24"]);
    assert_eq!(gone, "there is no block of 192.0.2.0/24");
    assert_eq!(cli.codes(), ["sign_in_block.removed", "sign_in_block.added"]);
}
