//! The page on how an API is checked.
use countersign::admin::introspectors::{self, Of};

use crate::support::Server;
use crate::support::world::{BILLING_API, World};

fn world(server: &Server) -> (World, String) {
    let world = server.world();
    let api = server.read(|c| countersign::store::resources::find_by_identifier(c, BILLING_API));
    (world, format!("/apis/{}", api.unwrap().id))
}

#[test]
fn routes_are_added_with_scopes_of_the_api_and_removed_after_a_question() {
    let server = Server::start();
    let (_, api) = world(&server);
    let browser = server.signed_in("admin");
    let page = format!("{api}/verification");
    assert!(browser.get(&api).text.contains(&page), "linked from the API");
    assert!(browser.get(&page).text.contains("every token for this API passes the gate"));
    let add = |method, path, scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| ("scope", *scope));
        let fields: Vec<_> =
            [("method", method), ("path", path)].into_iter().chain(scopes).collect();
        browser.post(&format!("{api}/routes"), &fields)
    };
    assert_eq!(add("GET", "/invoices/{id}", &["invoices:read"]).status, 303);
    assert_eq!(add("*", "/invoices/{*rest}", &["invoices:read", "invoices:write"]).status, 303);
    let shown = browser.get(&page);
    assert_eq!(shown.texts("tbody th code"), ["* /invoices/{*rest}", "GET /invoices/{id}"]);

    for (path, scopes) in [("invoices", vec![]), ("/invoices/{number}", vec!["invoices:write"])] {
        let again = add("GET", path, &scopes);
        assert_eq!(again.status, 422, "{path}");
        assert_eq!(again.texts("#e-path").len(), 1, "{path}");
        assert!(again.text.contains(&format!(r#"value="{path}""#)), "what was typed is kept");
    }
    let alien = add("GET", "/x", &["ledger:export"]);
    assert_eq!((alien.status, alien.texts("fieldset.wrong").len()), (422, 1));

    let rest = "?method=*&path=%2Finvoices%2F%7B*rest%7D";
    let question = browser.get(&format!("{api}/routes/deletion{rest}"));
    assert!(question.text.contains("may demand less"), "{}", question.text);
    let remove = |method, path| {
        browser.post(&format!("{api}/routes/deletion"), &[("method", method), ("path", path)])
    };
    assert_eq!(remove("*", "/invoices/{*rest}").status, 303);
    assert_eq!(remove("*", "/invoices/{*rest}").status, 404);
    let last = browser.get(&format!("{api}/routes/deletion?method=GET&path=/invoices/%7Bid%7D"));
    assert!(last.text.contains("It is the only route."));
    assert_eq!(server.events("route.added").len(), 2);
    assert_eq!(server.events("route.removed").len(), 1);
    let log = browser.get("/log?kind=changes").text;
    assert!(log.contains("added a route to API"), "in words");
}

#[test]
fn the_policy_is_saved_once_by_who_saw_what_is_stored() {
    let server = Server::start();
    let (_, api) = world(&server);
    let browser = server.signed_in("owner");
    let page = format!("{api}/verification");
    let save = |records, version| {
        let fields = [("access_records", records), ("status_lists", "on"), ("version", version)];
        browser.post(&page, &fields)
    };
    assert_eq!(save("full", "1").status, 303);
    let stale = save("sampled", "1");
    assert_eq!(stale.status, 409);
    assert!(stale.text.contains(r#"name="version" value="2""#), "who saves again has seen it");
    assert_eq!(save("everything", "2").status, 422);
    let stored = server
        .read(|c| countersign::store::resources::find_by_identifier(c, BILLING_API))
        .unwrap()
        .verification;
    assert_eq!((stored.access_records.as_str(), stored.status_lists), ("full", true));
    assert_eq!(server.events("resource.verification_changed").len(), 1);
}

#[test]
fn applications_are_let_introspect_and_not_twice() {
    let server = Server::start();
    let (world, api) = world(&server);
    let browser = server.signed_in("admin");
    let (page, path) = (format!("{api}/verification"), format!("{api}/introspectors"));
    let add = |client_id: &str| browser.post(&path, &[("client_id", client_id)]);
    let reporting = world.reporting.client_id.clone();
    assert_eq!(add(&format!(" {reporting} ")).status, 303);
    assert_eq!(add(&reporting).status, 422, "already");
    assert_eq!(add("m2m_nobody").texts("#e-client_id"), ["No application has this client ID."]);
    server.act(|conn, actor| introspectors::add(conn, actor, &Of::Any, &world.billing.client_id));
    let shown = browser.get(&page);
    assert_eq!(shown.texts("tbody a.row"), ["reporting", "billing"]);

    let token = server.issue(&world.billing);
    let ask = || {
        server.post_as(&world.reporting, "/oauth/introspect", &[("token", &token)]).json()["active"]
            .clone()
    };
    assert_eq!(ask(), true);
    assert_eq!(browser.post(&format!("{path}/{reporting}/deletion"), &[]).status, 303);
    assert_eq!(ask(), false, "at once");
}

#[test]
fn each_gateway_has_a_configuration_with_the_address_of_this_gate() {
    let server = Server::start();
    let (_, api) = world(&server);
    let browser = server.signed_in("auditor");
    let id = api.strip_prefix("/apis/").unwrap();
    for (gateway, line) in [
        ("nginx", format!("proxy_pass https://issuer.example/gate/{id};")),
        ("traefik", format!(r#"address: "https://issuer.example/gate/{id}""#)),
        ("caddy", format!("uri /gate/{id}")),
        ("envoy", format!(r#"path_prefix: "/gate/{id}/envoy""#)),
        ("nonsense", "auth_request /_gate;".to_owned()),
    ] {
        let page = browser.get(&format!("{api}/verification?gateway={gateway}"));
        assert!(page.texts("#config")[0].contains(&line), "{gateway}: {:?}", page.texts("#config"));
        assert_eq!(page.texts("main form p.acts button").len(), 0, "an auditor saves nothing");
    }
}

#[test]
fn accesses_are_read_in_the_log_by_name_and_route() {
    let server = Server::start();
    let (world, api) = world(&server);
    let id = api.strip_prefix("/apis/").unwrap();
    let route = countersign::model::route::Route::read("GET", "/invoices/{id}", "").unwrap();
    server.act(|conn, actor| countersign::admin::routes::add(conn, actor, id, &route));
    let bearer = format!("Bearer {}", server.issue(&world.reporting));
    for path in ["/invoices/7", "/invoices/8"] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-original-method", "GET"),
            ("x-original-uri", path),
        ];
        assert_eq!(server.request("GET", &format!("/gate/{id}"), &headers, vec![]).status, 200);
    }
    server.clock.advance(countersign::oauth::time::Seconds(60));
    server.count();
    let browser = server.signed_in("auditor");
    let log = browser.get("/log?kind=accesses");
    let rows = log.texts("tbody tr");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].contains("Passed") && rows[0].contains("reporting"), "{rows:?}");
    assert!(rows[0].contains("GET /invoices/{id}, 2 times"), "{rows:?}");
    assert_eq!(browser.get("/log?kind=token").texts("tbody tr").len(), 1);
    let event = server.events("access.counted").remove(0).id;
    let detail = browser.get(&format!("/log/{event}"));
    assert!(detail.text.contains("What was let through"), "{}", detail.text);
    assert!(detail.text.contains("First and last"));
}

/// `scripts/gateways` runs what the documentation has.
#[test]
fn the_configurations_are_those_of_the_documentation() {
    let server = Server::start();
    let (_, api) = world(&server);
    let browser = server.signed_in("auditor");
    let id = api.strip_prefix("/apis/").unwrap();
    let documented = std::fs::read_to_string("docs/gateways.md").unwrap();
    let documented = documented
        .replace("https://auth.example.com", "https://issuer.example")
        .replace("res_01K0EXAMPLE", id);
    for (gateway, heading) in [
        ("nginx", "## nginx"),
        ("caddy", "## Caddy"),
        ("traefik", "## Traefik"),
        ("envoy", "## Envoy"),
    ] {
        let section = documented.split(heading).nth(1).unwrap();
        let block = section.split("```").nth(1).unwrap();
        let (_, block) = block.split_once('\n').unwrap();
        let wanted = block.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = browser.get(&format!("{api}/verification?gateway={gateway}"));
        let shown = page.texts("#config").remove(0);
        assert!(shown.ends_with(&wanted), "{gateway}\n{shown}\n{wanted}");
    }
}
