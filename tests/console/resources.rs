//! Pages of APIs and their scopes.
use countersign::admin::applications::{self, NewApplication};
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;

use crate::support::Server;
use crate::support::world::BILLING_API;

fn register(server: &Server) -> String {
    let browser = server.signed_in("admin");
    let fields = [
        ("identifier", BILLING_API),
        ("name", "Billing API"),
        ("description", "Invoices"),
        ("token_lifetime_seconds", "900"),
        ("algorithm", "ES256"),
        ("scopes", "invoices:read Read invoices\r\na/b?c=d Odd"),
    ];
    let made = browser.post("/apis/new", &fields);
    assert_eq!(made.status, 303, "{}", made.text);
    made.header("location").unwrap().to_owned()
}

#[test]
fn an_api_is_registered_with_its_scopes_on_one_page() {
    let server = Server::start();
    let path = register(&server);
    let page = server.signed_in("auditor").get(&path);
    assert_eq!(page.texts("h1"), ["Billing API"]);
    assert_eq!(page.texts("tr th .scope"), ["a/b?c=d", "invoices:read"]);
    let event = server.events("resource.created").remove(0);
    assert_eq!(event.actor.name.as_deref(), Some("admin"));
    assert!(event.request_id.is_some());
}

#[test]
fn an_identifier_that_is_none_or_taken_is_refused_with_the_fields_kept() {
    let server = Server::start();
    register(&server);
    let browser = server.signed_in("owner");
    for identifier in ["billing", "https://a/#x", BILLING_API] {
        let fields = [("identifier", identifier), ("name", "Another"), ("algorithm", "ES256")];
        let again = browser.post("/apis/new", &fields);
        assert_eq!(again.status, 422, "{identifier}");
        assert!(again.text.contains(r#"value="Another""#));
        assert_eq!(again.texts("#e-identifier").len(), 1);
    }
    assert_eq!(server.events("resource.created").len(), 1);
}

#[test]
fn scopes_are_added_and_removed_whatever_is_in_their_names() {
    let server = Server::start();
    let path = register(&server);
    let browser = server.signed_in("owner");
    let add =
        |scope| browser.post(&format!("{path}/scopes"), &[("scope", scope), ("description", "")]);
    assert_eq!(add("invoices:write").status, 303);
    assert_eq!(add("invoices:write").status, 422, "there already");
    assert_eq!(add("two words").status, 422);
    let odd = format!("{path}/scopes/a%2Fb%3Fc%3Dd/deletion");
    assert_eq!(browser.get(&odd).status, 200);
    assert_eq!(browser.post(&odd, &[]).status, 303);
    assert_eq!(browser.get(&path).texts("tr th .scope"), ["invoices:read", "invoices:write"]);
    assert_eq!(browser.get(&odd).status, 404);
}

#[test]
fn deleting_an_api_that_somebody_calls_asks_for_its_name() {
    let server = Server::start();
    let path = register(&server);
    let client = server.application("worker", &[(BILLING_API, "*")]);
    let browser = server.signed_in("owner");
    let deletion = format!("{path}/deletion");
    assert!(browser.get(&deletion).text.contains("worker"));
    assert_eq!(browser.post(&deletion, &[("name", "")]).status, 422);
    assert_eq!(server.token(&client, &[]).status, 200);
    assert_eq!(browser.post(&deletion, &[("name", "Billing API")]).status, 303);
    assert_eq!(server.token(&client, &[]).error(), "invalid_target");
}

#[test]
fn of_a_large_fleet_pages_count_and_name_a_part_and_what_a_scope_takes_away_is_whole() {
    let server = Server::start();
    let path = register(&server);
    let browser = server.signed_in("owner");
    let callers = || browser.get("/apis").texts("td[data-name=Callers]");
    let hold = |count: usize, access: &Access| {
        server.act(|conn, actor| {
            (0..count).try_for_each(|_| {
                let details = ApplicationDetails { name: "device".into(), ..Default::default() };
                let grants = vec![(BILLING_API.to_owned(), access.clone())];
                let new = NewApplication { details, grants, secret: None };
                applications::create(conn, actor, new).map(|_| ())
            })
        });
    };
    hold(1_000, &Access::All);
    assert_eq!(callers(), ["1000"]);
    server.application("zeta", &[(BILLING_API, "invoices:read")]);
    assert_eq!(callers(), ["1000 or more"]);
    let file = browser.get("/apis.csv").text;
    assert!(file.contains(",1001,"), "{file}");
    let names = |path: &str| browser.get(path).texts(".names li");
    let whole = names(&format!("{path}/deletion"));
    assert_eq!((whole.len(), whole.last().unwrap().as_str()), (201, "and 801 more"));

    let scope = format!("{path}/scopes/invoices%3Aread/deletion");
    assert_eq!(names(&scope), ["zeta"], "however many call the API before it");
    hold(201, &Access::Scopes(["invoices:read".to_owned()].into()));
    let some = names(&scope);
    assert_eq!((some.len(), some.last().unwrap().as_str()), (201, "and 2 more"));
}

#[test]
fn an_edit_from_an_old_page_is_shown_again_beside_what_is_stored() {
    let server = Server::start();
    let path = register(&server);
    let browser = server.signed_in("owner");
    let save = |name, version| {
        let fields = [
            ("name", name),
            ("description", ""),
            ("token_lifetime_seconds", "600"),
            ("version", version),
        ];
        browser.post(&format!("{path}/edit"), &fields)
    };
    assert_eq!(save("First", "1").status, 303);
    let stale = save("Second", "1");
    assert_eq!(stale.status, 409);
    assert!(stale.texts("title")[0].starts_with("Error:"));
    assert!(stale.texts(".stored dd").contains(&"First".to_owned()));
    assert!(stale.text.contains(r#"value="Second""#) && stale.text.contains(r#"value="2""#));
    assert_eq!(save("Second", "2").status, 303);
    assert_eq!(browser.get(&path).texts("h1"), ["Second"]);
}

#[test]
fn a_wrong_field_does_not_make_an_old_page_new() {
    let server = Server::start();
    let path = register(&server);
    let browser = server.signed_in("owner");
    let save = |name, version| {
        let fields = [
            ("name", name),
            ("description", ""),
            ("token_lifetime_seconds", "600"),
            ("version", version),
        ];
        browser.post(&format!("{path}/edit"), &fields)
    };
    assert_eq!(save("First", "1").status, 303);
    let again = save("", "1");
    assert_eq!(again.status, 422);
    assert!(again.text.contains(r#"name="version" value="1""#));
}

#[test]
fn a_page_of_an_api_counts_who_holds_each_scope() {
    let server = Server::start();
    let path = register(&server);
    server.application("all", &[(BILLING_API, "*")]);
    server.application("one", &[(BILLING_API, "invoices:read")]);
    let page = server.signed_in("auditor").get(&path);
    assert_eq!(page.texts(".lines .num2"), ["1", "2"]);
    assert_eq!(page.texts(".callers th a"), ["all", "one"]);
    let browser = server.signed_in("owner");
    for lang in ["python", "node"] {
        let sample = browser.get(&format!("{path}?lang={lang}"));
        assert!(sample.texts("#sample")[0].contains(BILLING_API), "{lang}");
    }
}

#[test]
fn a_page_of_an_api_tells_who_uses_each_scope_and_who_asks_in_vain() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    server.token(&world.reporting, &[]);
    server.token(&world.reporting, &[("scope", "invoices:write")]);
    server.settle();
    let browser = server.signed_in("auditor");
    let find = |conn: &mut countersign::store::Conn| {
        countersign::store::resources::find_by_identifier(conn, BILLING_API)
    };
    let path = format!("/apis/{}", server.read(find).unwrap().id);
    let used = browser.get(&path).texts("td[data-name='Used by']");
    assert!(used[0].starts_with('2') && !used[0].contains("vain"), "{used:?}");
    assert!(used[1].starts_with('1') && used[1].contains("1 asked in vain"), "{used:?}");
    server.advance(countersign::oauth::time::Seconds::days(91));
    let later = server.signed_in("owner").get(&path).texts("td[data-name='Used by']");
    assert_eq!(later, ["Nobody", "Nobody"]);
}

#[test]
fn the_list_is_a_file_too_with_what_it_is_narrowed_to_and_that_is_recorded() {
    let server = Server::start();
    server.world();
    server.resource("urn:formula", &["a"]);
    let browser = server.signed_in("auditor");
    let file = browser.get("/apis.csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert!(lines[0].starts_with("api,identifier,description,scopes,callers,"));
    let shown = browser.get("/apis").texts("table.apis tbody tr").len();
    assert_eq!(lines.len() - 1, shown, "{}", file.text);
    let billing = lines.iter().find(|line| line.contains(BILLING_API)).unwrap();
    assert!(billing.contains(",600,ES256,no,2023-11-14T"), "{billing}");
    let page = browser.get("/apis?q=formula");
    assert!(page.text.contains("href=\"/apis.csv?q=formula\""));
    assert_eq!(browser.get("/apis.csv?q=formula").text.lines().count(), 2);
    let recorded: Vec<_> =
        server.events("report.exported").into_iter().filter_map(|event| event.detail).collect();
    assert_eq!(recorded, ["apis", "apis q=formula"]);
}
