//! `approval`, `--as` and `--alone`.
use super::{BILLING, Cli, text};

const PASSWORD: &str = "correct horse battery staple";

fn people(cli: &Cli) {
    for (name, role) in [("ada", "admin"), ("grace", "admin"), ("eve", "auditor")] {
        let email = format!("{name}@example.com");
        let create = ["administrator", "create", "--email", &email, "--name", name, "--role", role];
        assert_eq!(cli.run_with(&create, &format!("{PASSWORD} {name}\n")).code, 0);
    }
}

fn as_(cli: &Cli, name: &str, arguments: &[&str]) -> super::Ran {
    let email = format!("{name}@example.com");
    cli.run_with(&[arguments, &["--as", &email]].concat(), &format!("{PASSWORD} {name}\n"))
}

#[test]
fn two_who_prove_who_they_are_grant_what_one_cannot() {
    let cli = Cli::with_billing();
    people(&cli);
    cli.done(&["resource", "mark", BILLING, "--scope", "invoices:write"]);
    let made = cli.json(&["application", "create", "--name", "worker"]);
    let client_id = text(&made["client_id"]);
    let grant = format!("{BILLING}=invoices:write");
    let set = ["grant", "set", client_id.as_str(), grant.as_str()];
    assert!(cli.refused(&set).contains("--as"), "nobody in particular asks for nothing");

    let asked = as_(&cli, "ada", &[&set[..], &["--because", "month end"]].concat());
    assert_eq!(asked.code, 3, "{}", asked.err);
    let list = cli.json(&["approval", "list"]);
    let id = text(&list[0]["id"]);
    assert!(asked.err.contains(&id), "{}", asked.err);
    assert_eq!(
        (text(&list[0]["asked_by"]), text(&list[0]["reason"])),
        ("ada".into(), "month end".into())
    );
    let shown = cli.json(&["approval", "show", &id]);
    assert!(shown["changes"].to_string().contains("invoices:write"), "{shown}");
    assert_eq!(shown["out_of_date"], false);

    let approve = ["approval", "approve", id.as_str()];
    assert!(cli.refused(&approve).contains("--as"));
    assert!(as_(&cli, "ada", &approve).refusal().contains("yourself"));
    assert!(as_(&cli, "eve", &approve).refusal().contains("right to manage"));
    let wrong = [&approve[..], &["--as", "grace@example.com"]].concat();
    assert!(cli.run_with(&wrong, "a wrong password of hers\n").refusal().contains("this is not"));
    assert!(cli.codes().contains(&"session.denied".to_owned()));
    let approved = as_(&cli, "grace", &approve);
    assert_eq!(approved.code, 0, "{}", approved.err);
    assert!(cli.json(&["application", "show", &client_id])["grants"].to_string().contains("write"));
    assert_eq!(cli.json(&["approval", "list"]).as_array().unwrap().len(), 0);
    let decided = cli.json(&["approval", "list", "--show", "decided"]);
    assert_eq!(
        (text(&decided[0]["state"]), text(&decided[0]["decided_by"])),
        ("approved".into(), "grace".into())
    );

    let unmark = ["resource", "unmark", BILLING, "--scope", "invoices:write"];
    let alone = [&unmark[..], &["--alone", "--because", "in a hurry"]].concat();
    assert!(cli.refused(&alone).contains("--as"), "a mark never goes alone");
    assert_eq!(as_(&cli, "grace", &unmark).code, 3);
    let id = text(&cli.json(&["approval", "list"])[0]["id"]);
    let refuse = ["approval", "refuse", id.as_str(), "--reason", "it is sensitive"];
    assert_eq!(as_(&cli, "ada", &refuse).code, 0);
    let none = as_(&cli, "grace", &["approval", "withdraw", &id]).refusal();
    assert!(none.contains("refused by ada"), "{none}");
    assert_eq!(cli.refused(&["approval", "show", "apr_none"]), "there is no request apr_none");
    let wrong = cli.run(&["revoke", "everything", "--reason", "x", "--alone"]);
    assert_eq!(wrong.code, 2, "--alone says why");
}

#[test]
fn teams_own_applications() {
    let cli = Cli::with_billing();
    people(&cli);
    let (client_id, _) = cli.application("worker");
    let made = cli.json(&["team", "create", "Payments", "--member", "eve@example.com"]);
    assert_eq!(made["members"][0], "eve@example.com");
    cli.done(&["team", "add", "payments", "ada@example.com"]);
    cli.done(&["team", "remove", "payments", "eve@example.com"]);
    cli.done(&["application", "owners", &client_id, "--team", "Payments"]);
    let shown = cli.json(&["team", "show", "Payments"]);
    assert_eq!(shown["members"].to_string(), r#"["ada@example.com"]"#);
    assert_eq!(shown["applications"][0], client_id.as_str());
    assert_eq!(cli.json(&["team", "list"])[0]["applications"], 1);
    assert!(cli.refused(&["team", "show", "Nobody"]).contains("there is no team Nobody"));
    cli.done(&["team", "delete", "Payments"]);
    assert_eq!(cli.json(&["team", "list"]).as_array().unwrap().len(), 0);
}
