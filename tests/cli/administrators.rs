//! `administrator`.
use super::Cli;

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
