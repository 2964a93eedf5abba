//! Pages of applications: each form accepts, refuses, keeps what was typed.
use countersign::admin::applications;
use countersign::model::application::ApplicationDetails;
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::Browser;
use crate::support::world::{BILLING_API, Client, LEDGER_API};

fn resource_id(server: &Server, identifier: &str) -> String {
    let find = |conn: &mut countersign::store::Conn| {
        countersign::store::resources::find_by_identifier(conn, identifier)
    };
    server.read(find).unwrap().id
}

fn create(browser: &Browser<'_>, fields: &[(&str, &str)]) -> crate::support::http::Answer {
    let fixed = [
        ("name", "billing-worker"),
        ("description", ""),
        ("owner", "Payments"),
        ("contact", ""),
        ("token_lifetime_seconds", ""),
        ("secret_name", "initial"),
        ("expires_in_days", "180"),
    ];
    browser.post("/applications/new", &[&fixed, fields].concat())
}

/// The main job: one form, and the secret on its answer gets a token.
#[test]
fn one_form_makes_an_application_and_its_secret_gets_a_token() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("admin");
    let id = resource_id(&server, BILLING_API);

    let scope = format!("{id} invoices:read");
    let shown = create(&browser, &[("scope", &scope)]);

    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")));
    let secret = shown.texts("#sv").remove(0);
    let client_id = shown.texts(".facts code").remove(0);
    let client = Client { client_id, secret, secret_id: String::new() };
    assert_eq!(server.token(&client, &[]).json()["scope"], "invoices:read");
    let page = browser.get(&format!("/applications/{}", client.client_id));
    assert_eq!(page.texts("h1"), ["billing-worker Active"]);
    assert!(!page.text.contains(&client.secret), "shown once");
    assert!(page.text.contains(&client.secret[43..47]), "its hint stays");
}

#[test]
fn the_first_application_brings_its_api_along() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let fields = [
        ("identifier", BILLING_API),
        ("api_name", "Billing API"),
        ("scopes", "invoices:read Read\r\ninvoices:write"),
    ];
    let shown = create(&browser, &fields);
    assert_eq!(shown.status, 200, "{}", shown.text);
    let client = Client {
        client_id: shown.texts(".facts code").remove(0),
        secret: shown.texts("#sv").remove(0),
        secret_id: String::new(),
    };
    let scope = server.token(&client, &[]).json()["scope"].clone();
    assert_eq!(scope, "invoices:read invoices:write");
}

#[test]
fn what_cannot_be_taken_is_shown_again_with_what_was_typed() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("admin");
    let id = resource_id(&server, BILLING_API);
    let before = server.events("application.created").len();
    let ticked = format!("{id} invoices:write");
    let fields = [
        ("name", " "),
        ("owner", "<b>Payments</b>"),
        ("expires_in_days", "soon"),
        ("scope", ticked.as_str()),
    ];

    let again = browser.post("/applications/new", &fields);

    assert_eq!(again.status, 422);
    assert!(again.texts("title")[0].starts_with("Error:"));
    assert_eq!(again.texts(".problem li").len(), 3, "{:?}", again.texts(".problem li"));
    assert!(again.text.contains("&#60;b&#62;Payments"), "typed, and escaped");
    assert!(!again.text.contains("<b>Payments"));
    assert_eq!(again.texts(&format!("input[value='{ticked}'][checked]")).len(), 1);
    assert_eq!(server.events("application.created").len(), before);
    let unknown = create(&browser, &[("scope", &format!("{id} no:such"))]);
    assert_eq!(unknown.status, 422);
    assert_eq!(create(&browser, &[("all", "res_unknown")]).status, 422);
}

#[test]
fn the_list_is_searched_narrowed_and_paged() {
    let server = Server::start();
    for i in 0..55 {
        server.application(&format!("job-{i:02}"), &[]);
    }
    let alone = server.application("alone", &[]);
    server.act(|conn, actor| applications::suspend(conn, actor, &alone.client_id));
    let browser = server.signed_in("auditor");

    let first = browser.get("/applications");
    assert_eq!(first.texts("tbody tr").len(), 50);
    let more = first.text.split("after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(browser.get(&format!("/applications?after={more}")).texts("tbody tr").len(), 6);
    assert_eq!(browser.get("/applications?q=JOB-0").texts("tbody tr").len(), 10);
    assert_eq!(browser.get("/applications?state=suspended").texts("tbody a.row"), ["alone"]);
    let none = browser.get("/applications?q=%3Cscript%3E");
    assert!(none.texts("tbody tr").is_empty() && !none.text.contains("<script>"));
    let part = browser.send("GET", "/applications?q=alone", &[("hx-request", "true")], vec![]);
    assert!(part.text.trim_start().starts_with("<div id=\"results\""), "{}", part.text);
}

/// Two people edit from the same page; the second sees what is stored.
#[test]
fn an_edit_of_what_somebody_changed_is_a_conflict_that_shows_both() {
    let server = Server::start();
    let id = server.application("first", &[]).client_id;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{id}/edit");
    let fields = |name, version| {
        [
            ("name", name),
            ("description", ""),
            ("owner", ""),
            ("contact", ""),
            ("token_lifetime_seconds", "60"),
            ("version", version),
        ]
    };
    let other = ApplicationDetails { name: "theirs".into(), ..Default::default() };
    server.act(|conn, actor| applications::update(conn, actor, &id, 1, &other));

    let conflict = browser.post(&path, &fields("mine", "1"));
    assert_eq!(conflict.status, 409);
    assert!(conflict.text.contains("theirs") && conflict.text.contains(r#"value="mine""#));
    assert_eq!(browser.post(&path, &fields("mine", "2")).status, 303);
    assert_eq!(browser.get(&format!("/applications/{id}")).texts(".notice"), ["mine is saved."]);
    assert!(browser.get("/").texts(".notice").is_empty(), "said once");
}

#[test]
fn suspension_and_resumption_take_effect_and_say_so() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = |noun: &str| format!("/applications/{}/{noun}", billing.client_id);
    assert_eq!(browser.post(&path("suspension"), &[]).status, 303);
    assert_eq!(server.token(&billing, &[]).status, 401);
    let page = browser.get(&format!("/applications/{}", billing.client_id));
    assert_eq!(page.texts("h1"), ["billing Suspended"]);
    assert_eq!(browser.post(&path("suspension"), &[]).status, 409);
    assert_eq!(browser.post(&path("resumption"), &[]).status, 303);
    assert_eq!(server.token(&billing, &[]).status, 200);
}

#[test]
fn deleting_what_is_in_use_asks_for_its_name() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    server.token(&world.billing, &[]);
    let used = [(world.billing.secret_id.clone(), server.clock.now())];
    server
        .app
        .store
        .write_blocking(|conn| countersign::store::secrets::touch(conn, &used))
        .unwrap_or_else(|error: countersign::store::Error| panic!("{error}"));
    let path = format!("/applications/{}/deletion", world.billing.client_id);
    assert_eq!(browser.post(&path, &[("name", "bill")]).status, 422);
    assert_eq!(browser.post(&path, &[("name", "billing")]).status, 303);
    assert_eq!(server.token(&world.billing, &[]).status, 401);
    let unused = format!("/applications/{}/deletion", world.reporting.client_id);
    assert_eq!(browser.post(&unused, &[]).status, 303);
    assert_eq!(browser.get(&unused).status, 404);
}

#[test]
fn access_is_saved_as_one_act_for_each_api_that_differs() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let (one, two) = (resource_id(&server, BILLING_API), resource_id(&server, LEDGER_API));
    let path = format!("/applications/{}/access", billing.client_id);
    let checked = browser.get(&path).texts("input[name=scope][checked]").len();
    assert_eq!(checked, 2);
    let acts = || server.events("grant.set").len() + server.events("grant.removed").len();
    let before = acts();

    let version = version_of(&browser, &path);
    let same = [format!("{one} invoices:read"), format!("{one} invoices:write")];
    let mut fields: Vec<_> = same.iter().map(|value| ("scope", value.as_str())).collect();
    fields.push(("version", &version));
    assert_eq!(browser.post(&path, &fields).status, 303);
    assert_eq!(acts(), before, "nothing differed");

    assert_eq!(browser.post(&path, &[("version", &version), ("all", &two)]).status, 303);
    assert_eq!(acts(), before + 2, "one removed, one set");
    assert_eq!(server.token(&billing, &[]).json()["scope"], "invoices:read ledger:export");
}

/// The access that the editor was opened with.
fn version_of(browser: &Browser<'_>, path: &str) -> String {
    let page = browser.get(path).text;
    let value = page.split(r#"name="version" value=""#).nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// What is held stays on the form, however many APIs come before it.
#[test]
fn access_that_is_saved_as_it_was_opened_stays_with_more_apis_than_a_form_shows() {
    let server = Server::start();
    let id = server.resource("https://z.example.com", &["read"]);
    let other = server.resource("https://y.example.com", &["read"]);
    let client = server.application("a", &[("https://z.example.com", "read")]);
    for i in 0..100 {
        server.resource(&format!("https://a.example.com/{i:03}"), &[]);
    }
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/access", client.client_id);
    let page = browser.get(&path);
    assert_eq!(page.texts("fieldset").len(), 101, "a hundred and the one it holds");
    assert_eq!(page.texts(&format!("input[value='{id} read'][checked]")).len(), 1);
    assert!(page.texts(&format!("input[value='{other} read']")).is_empty());
    let found = browser.get(&format!("{path}?q=y.example"));
    assert_eq!(found.texts("fieldset").len(), 2, "what was searched and what it holds");

    let version = version_of(&browser, &path);
    let fields = [("version", version.as_str()), ("scope", &format!("{id} read"))];
    assert_eq!(browser.post(&path, &fields).status, 303);
    assert!(server.events("grant.removed").is_empty());
    assert_eq!(server.token(&client, &[]).json()["scope"], "read");
}

/// Two people open the editor; the second must not undo what the first did.
#[test]
fn access_that_somebody_changed_is_a_conflict_that_shows_both() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let (one, two) = (resource_id(&server, BILLING_API), resource_id(&server, LEDGER_API));
    let path = format!("/applications/{}/access", billing.client_id);
    let version = version_of(&browser, &path);
    let all = countersign::model::grant::Access::All;
    server.act(|conn, actor| {
        countersign::admin::grants::set(conn, actor, &billing.client_id, &two, &all)
    });
    let acts = || server.events("grant.set").len() + server.events("grant.removed").len();
    let before = acts();
    let ticked = format!("{one} invoices:read");

    for version in ["", version.as_str()] {
        let conflict = browser.post(&path, &[("version", version), ("scope", &ticked)]);
        assert_eq!(conflict.status, 409);
        assert!(conflict.texts("title")[0].starts_with("Error:"));
        assert!(conflict.texts(".stored")[0].contains("all current and future scopes"));
        assert_eq!(conflict.texts("input[name=scope][checked]").len(), 1, "as it was ticked");
    }
    assert_eq!(acts(), before);
    let version = version_of(&browser, &path);
    assert_eq!(browser.post(&path, &[("version", &version), ("scope", &ticked)]).status, 303);
    assert_eq!(server.token(&billing, &[]).json()["scope"], "invoices:read");
}

#[test]
fn hundreds_of_scopes_are_saved_and_unknown_ones_refused() {
    let server = Server::start();
    let names: Vec<String> = (0..400).map(|i| format!("scope:number:{i}")).collect();
    let id = server.resource(BILLING_API, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let client = server.application("a", &[]);
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/access", client.client_id);
    let version = version_of(&browser, &path);
    let values: Vec<String> = names.iter().map(|name| format!("{id} {name}")).collect();
    let mut fields: Vec<_> = values.iter().map(|value| ("scope", value.as_str())).collect();
    fields.push(("version", &version));
    assert_eq!(browser.post(&path, &fields).status, 303);

    let version = version_of(&browser, &path);
    for gone in [("all", "res_gone".to_owned()), ("scope", format!("{id} gone"))] {
        let refused = browser.post(&path, &[("version", &version), (gone.0, &gone.1)]);
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(r##"href="#f-scopes""##), "the boxes are to blame");
    }
}

/// An API may be called what a shell would run.
#[test]
fn the_commands_quote_what_a_shell_would_read() {
    let server = Server::start();
    server.resource("https://a.example.com/$(id)", &["`id`"]);
    let client = server.application("a", &[("https://a.example.com/$(id)", "`id`")]);
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}", client.client_id);
    let fields = [("name", "b"), ("expires_in_days", "")];
    let pages = [
        (browser.get(&path), "#qs"),
        (browser.post(&format!("{path}/secrets/new"), &fields), "#tv"),
    ];
    for (page, command) in pages {
        let command = page.texts(command).remove(0);
        assert!(command.contains("--data-urlencode resource='https://a.example.com/$(id)'"));
        assert!(command.contains("--data-urlencode scope='`id`'"), "{command}");
    }
}

#[test]
fn an_api_without_an_identifier_is_not_dropped_in_silence() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let refused = create(&browser, &[("identifier", ""), ("api_name", "Billing"), ("scopes", "a")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains(r##"href="#f-identifier""##));
    assert!(server.events("application.created").is_empty());
}

#[test]
fn a_secret_is_added_beside_the_others_and_revoked_alone() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/secrets", billing.client_id);
    let fields = [("name", "prod-autumn"), ("expires_in_days", "30")];
    let shown = browser.post(&format!("{path}/new"), &fields);
    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")));
    let next = Client { secret: shown.texts("#sv").remove(0), ..billing.clone() };
    assert_eq!((server.token(&billing, &[]).status, server.token(&next, &[]).status), (200, 200));

    let revocation = format!("{path}/{}/revocation", billing.secret_id);
    assert!(browser.get(&revocation).text.contains("prod-autumn goes on working"));
    assert_eq!(browser.post(&revocation, &[]).status, 303);
    assert_eq!((server.token(&billing, &[]).status, server.token(&next, &[]).status), (401, 200));
    let crossed = format!("/applications/m2m_other/secrets/{}/revocation", billing.secret_id);
    assert_eq!(browser.get(&crossed).status, 404);
}

#[test]
fn the_list_shows_what_ends_is_refused_is_idle_or_gets_no_token() {
    let server = Server::start();
    let world = server.world();
    let ends = NewSecret { name: "short".into(), lifetime: Some(Seconds::days(10)) };
    let client_id = world.billing.client_id.clone();
    server.act(|conn, actor| countersign::admin::secrets::add(conn, actor, &client_id, &ends));
    server.token(&world.billing, &[]);
    server.token(&world.reporting, &[("scope", "invoices:write")]);
    server.settle();
    let browser = server.signed_in("auditor");
    let listed =
        |word: &str| browser.get(&format!("/applications?show={word}")).texts("tbody th a");
    assert_eq!(listed("ending"), ["billing"]);
    assert_eq!(listed("refused"), ["reporting"]);
    assert_eq!(listed("stuck"), ["mallory"]);
    assert!(listed("idle").is_empty(), "nothing is old enough");
    assert_eq!(listed("nonsense"), ["billing", "mallory", "reporting"]);
    server.advance(Seconds::days(91));
    server.token(&world.billing, &[]);
    server.settle();
    let browser = server.signed_in("owner");
    let listed =
        |word: &str| browser.get(&format!("/applications?show={word}")).texts("tbody th a");
    assert_eq!(listed("idle"), ["mallory", "reporting"]);
    assert!(listed("ending").is_empty() && listed("refused").is_empty());
}

#[test]
fn the_list_is_a_file_too_with_what_it_is_narrowed_to_and_that_is_recorded() {
    let server = Server::start();
    server.world();
    server.application("=HYPERLINK(1)", &[(BILLING_API, "*")]);
    let browser = server.signed_in("auditor");
    let file = browser.get("/applications.csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 5, "{}", file.text);
    assert!(lines[0].starts_with("application,client_id,"));
    assert!(lines[1].starts_with("'=HYPERLINK(1),m2m_"), "no formula: {}", lines[1]);
    assert!(lines[2].starts_with("billing,m2m_"));
    assert_eq!(browser.get("/applications.csv?q=ledger").text.lines().count(), 1);
    assert_eq!(browser.get("/applications.csv?show=stuck").text.lines().count(), 2);
    let recorded: Vec<_> =
        server.events("report.exported").into_iter().map(|event| event.detail).collect();
    let recorded: Vec<_> = recorded.iter().flatten().collect();
    assert_eq!(recorded, ["applications", "applications q=ledger", "applications show=stuck"]);
    assert_eq!(server.browser().get("/applications.csv").status, 303);
}
