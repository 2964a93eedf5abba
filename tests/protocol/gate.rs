//! `/gate`: may this request pass?
use countersign::admin::{applications, resources, revocations, routes};
use countersign::model::audit_event::Event;
use countersign::model::resource::{AccessRecords, Verification};
use countersign::model::route::Route;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, Client, LEDGER_API};

struct Guarded {
    server: Server,
    id: String,
    billing: Client,
    reporting: Client,
}

impl Guarded {
    fn new(lines: &[(&str, &str, &str)]) -> Self {
        let server = Server::start();
        let world = server.world();
        let id = server.read(|c| countersign::store::resources::find_by_identifier(c, BILLING_API));
        let id = id.unwrap().id;
        for (method, path, scopes) in lines {
            let route = Route::read(method, path, scopes).unwrap();
            server.act(|conn, actor| routes::add(conn, actor, &id, &route));
        }
        Self { server, id, billing: world.billing, reporting: world.reporting }
    }

    fn records(&self, access_records: AccessRecords) {
        self.server.act(|conn, actor| {
            let resource = resources::resolve(conn, BILLING_API)?;
            let verification = Verification { access_records, ..resource.verification };
            resources::set_verification(conn, actor, &self.id, resource.version, verification)
        });
    }

    fn ask(&self, token: &str, method: &str, uri: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-original-method", method),
            ("x-original-uri", uri),
        ];
        self.server.request("GET", &format!("/gate/{}", self.id), &headers, vec![])
    }

    /// Status, and the error of the challenge.
    fn verdict(&self, token: &str, method: &str, uri: &str) -> (u16, String) {
        let answer = self.ask(token, method, uri);
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        let error = challenge.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
        (answer.status, error.unwrap_or_default().to_owned())
    }

    fn events(&self, code: &str) -> Vec<Event> {
        self.server.events(code)
    }
}

const ROUTES: [(&str, &str, &str); 3] = [
    ("GET", "/invoices/{id}", "invoices:read"),
    ("POST", "/invoices", "invoices:write"),
    ("GET", "/public/{*rest}", ""),
];

#[test]
fn who_may_passes_and_the_api_is_told_who_it_is() {
    let guarded = Guarded::new(&ROUTES);
    let token = guarded.server.issue(&guarded.billing);
    let answer = guarded.ask(&token, "GET", "/invoices/7?full=1");
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(answer.header("x-client-id"), Some(guarded.billing.client_id.as_str()));
    assert_eq!(answer.header("x-scope"), Some("invoices:read invoices:write"));
    let jti = Server::claims(&token)["jti"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("x-token-id"), Some(jti.as_str()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn each_refusal_is_401_or_403_with_its_challenge() {
    let guarded = Guarded::new(&ROUTES);
    let server = &guarded.server;
    let (token, reads) = (server.issue(&guarded.billing), server.issue(&guarded.reporting));
    let refused = |status: u16, error: &str| (status, error.to_owned());
    assert_eq!(guarded.verdict(&reads, "POST", "/invoices"), refused(403, "insufficient_scope"));
    let challenge = guarded.ask(&reads, "POST", "/invoices");
    let challenge = challenge.header("www-authenticate").unwrap();
    assert!(challenge.ends_with(r#"scope="invoices:write""#), "{challenge}");
    assert_eq!(guarded.verdict(&token, "DELETE", "/invoices/7"), refused(403, ""));
    assert_eq!(guarded.verdict(&token, "GET", "/invoices/%2e%2e/admin"), refused(403, ""));
    assert_eq!(guarded.verdict("a.b.c", "GET", "/invoices/7"), refused(401, "invalid_token"));
    let headers = [("x-original-method", "GET"), ("x-original-uri", "/public/x")];
    let none = server.request("GET", &format!("/gate/{}", guarded.id), &headers, vec![]);
    assert_eq!(none.status, 401, "a route without scopes needs a token all the same");
    assert_eq!(none.header("www-authenticate"), Some(r#"Bearer realm="countersign""#));
    let bad = [("authorization", "Bearer a b"), headers[0], headers[1]];
    let bad = server.request("GET", &format!("/gate/{}", guarded.id), &bad, vec![]);
    assert_eq!(bad.status, 401, "gateways understand no 400");

    let ledger = server.application("ledger", &[(LEDGER_API, "ledger:export")]);
    let other = server.issue(&ledger);
    assert_eq!(guarded.verdict(&other, "GET", "/public/x"), refused(401, "invalid_token"));
    server.advance(Seconds(600));
    assert_eq!(guarded.verdict(&token, "GET", "/public/x"), refused(401, "invalid_token"));
}

#[test]
fn an_api_without_routes_is_open_to_every_token_for_it() {
    let guarded = Guarded::new(&[]);
    let token = guarded.server.issue(&guarded.reporting);
    assert_eq!(guarded.verdict(&token, "DELETE", "/whatever").0, 200);
    let route = Route::read("GET", "/a", "invoices:read").unwrap();
    guarded.server.act(|conn, actor| routes::add(conn, actor, &guarded.id, &route));
    assert_eq!(guarded.verdict(&token, "DELETE", "/whatever").0, 403, "at once");
}

#[test]
fn a_token_that_was_good_a_moment_ago_is_refused_once_it_is_not() {
    let guarded = Guarded::new(&ROUTES);
    let server = &guarded.server;
    let passes = |token: &str| guarded.verdict(token, "GET", "/invoices/7").0 == 200;
    let token = server.issue(&guarded.billing);
    assert!(passes(&token) && passes(&token), "remembered");
    server.post_as(&guarded.billing, "/oauth/revoke", &[("token", &token)]);
    assert!(!passes(&token));
    let token = server.issue(&guarded.reporting);
    assert!(passes(&token));
    let id = &guarded.reporting.client_id;
    server.act(|conn, actor| applications::suspend(conn, actor, id));
    assert!(!passes(&token));
    let token = server.issue(&guarded.billing);
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Everything, "", "why"));
    assert!(!passes(&token));
}

/// nginx, Traefik and Caddy, Envoy: each says what it was asked for its own way.
#[test]
fn every_gateway_is_understood_and_none_that_says_two_things() {
    let guarded = Guarded::new(&ROUTES);
    let token = guarded.server.issue(&guarded.reporting);
    let bearer = format!("Bearer {token}");
    let by_id = format!("/gate/{}", guarded.id);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        guarded.server.request(method, path, &headers, vec![]).status
    };
    let nginx = |uri| [("x-original-method", "GET"), ("x-original-uri", uri)];
    let forwarded = |uri| [("x-forwarded-method", "GET"), ("x-forwarded-uri", uri)];
    let named = format!("/gate?resource={}", "https%3A%2F%2Fapi.example.com%2Fbilling");
    assert_eq!(ask("GET", &by_id, &nginx("/invoices/7")), 200);
    assert_eq!(ask("GET", &named, &nginx("/invoices/7")), 200);
    assert_eq!(ask("GET", &by_id, &forwarded("/invoices/7")), 200);
    assert_eq!(ask("GET", &format!("{by_id}/envoy/invoices/7?x=1"), &[]), 200);
    assert_eq!(ask("POST", &format!("{by_id}/envoy/invoices"), &[]), 403, "its own method");
    assert_eq!(ask("GET", &format!("{by_id}/envoy/invoices%2f7"), &[]), 403, "not decoded twice");

    let both = [nginx("/public/x"), forwarded("/invoices/7")].concat();
    assert_eq!(ask("GET", &by_id, &both), 403, "a caller may have added one");
    let twice = [nginx("/public/x"), nginx("/invoices/7")].concat();
    assert_eq!(ask("GET", &by_id, &twice), 403);
    assert_eq!(ask("GET", &by_id, &[]), 403, "a gateway that says nothing");
    assert_eq!(ask("GET", &by_id, &[("x-original-uri", "/invoices/7")]), 403);
    assert_eq!(ask("GET", "/gate", &nginx("/invoices/7")), 403);
    assert_eq!(ask("GET", "/gate/res_nothing", &nginx("/invoices/7")), 403);
}

#[test]
fn accesses_are_counted_by_client_and_route_and_minute() {
    let guarded = Guarded::new(&ROUTES);
    let token = guarded.server.issue(&guarded.reporting);
    for number in 0..5 {
        guarded.ask(&token, "GET", &format!("/invoices/{number}"));
    }
    guarded.ask(&token, "POST", "/invoices");
    guarded.server.clock.advance(Seconds(60));
    guarded.server.count();
    let events = guarded.events("access.counted");
    let mut told: Vec<_> = events
        .iter()
        .map(|event| {
            let access = event.access.as_ref().unwrap();
            assert_eq!(event.client_id.as_ref(), Some(&guarded.reporting.client_id));
            assert_eq!(access.resource.as_deref(), Some(BILLING_API));
            (access.route.clone().unwrap(), event.reason.clone().unwrap_or_default(), access.count)
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("/invoices".to_owned(), "scope_missing".into(), Some(1)),
            ("/invoices/{id}".to_owned(), "".into(), Some(5)),
        ]
    );
    assert!(
        !events.iter().any(|event| event.body().contains("/invoices/3")),
        "no path of a caller"
    );
}

#[test]
fn where_each_access_is_recorded_it_is_on_disk_before_it_passes() {
    let guarded = Guarded::new(&ROUTES);
    guarded.records(AccessRecords::Full);
    let token = guarded.server.issue(&guarded.reporting);
    assert_eq!(guarded.verdict(&token, "GET", "/invoices/7").0, 200);
    assert_eq!(guarded.verdict(&token, "POST", "/invoices").0, 403);
    let allowed = guarded.events("access.allowed");
    let access = allowed[0].access.as_ref().unwrap();
    let jti = Server::claims(&token)["jti"].as_str().unwrap().to_owned();
    assert_eq!((access.jti.as_ref(), access.method.as_deref()), (Some(&jti), Some("GET")));
    assert_eq!(guarded.events("access.denied")[0].reason.as_deref(), Some("scope_missing"));

    guarded.server.database.refuse_inserts("audit_events");
    let answer = guarded.ask(&token, "GET", "/invoices/7");
    assert_eq!((answer.status, answer.header("x-client-id")), (503, None));
    guarded.server.database.allow_inserts("audit_events");
    guarded.server.recovers();
    assert_eq!(guarded.verdict(&token, "GET", "/invoices/7").0, 200);
}

/// Refusals are made by whoever likes: they must not fill the log.
#[test]
fn a_flood_of_refusals_is_counted_where_each_access_is_recorded_too() {
    let guarded = Guarded::new(&ROUTES);
    guarded.records(AccessRecords::Full);
    for _ in 0..30 {
        assert_eq!(guarded.verdict("a.b.c", "GET", "/invoices/7").0, 401);
    }
    assert_eq!(guarded.events("access.denied").len(), 20);
    guarded.server.clock.advance(Seconds(60));
    guarded.server.count();
    let counted = guarded.events("access.counted");
    assert_eq!(counted[0].access.as_ref().unwrap().count, Some(10));
    assert!(guarded.events("token.denied_repeatedly").is_empty(), "nobody asked for a token");
    guarded.verdict("a.b.c", "GET", "/invoices/7");
    assert_eq!(guarded.events("access.denied").len(), 21, "another minute");
}

#[test]
fn whose_token_was_revoked_is_on_record_and_methods_are_not_made_up() {
    let guarded = Guarded::new(&[("*", "/{*rest}", "")]);
    guarded.records(AccessRecords::Full);
    let token = guarded.server.issue(&guarded.billing);
    assert_eq!(guarded.verdict(&token, "BREW", "/pot").0, 200);
    let allowed = guarded.events("access.allowed").remove(0);
    assert_eq!(allowed.access.unwrap().method.as_deref(), Some("other"));
    guarded.server.post_as(&guarded.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!(guarded.verdict(&token, "GET", "/pot").0, 401);
    let denied = guarded.events("access.denied").remove(0);
    assert_eq!(denied.reason.as_deref(), Some("revoked"));
    assert_eq!(denied.client_id.as_ref(), Some(&guarded.billing.client_id));
    assert!(denied.access.unwrap().jti.is_some());
}

#[test]
fn of_two_tokens_in_one_request_none_passes() {
    let guarded = Guarded::new(&ROUTES);
    let bearer = format!("Bearer {}", guarded.server.issue(&guarded.billing));
    let headers = [
        ("authorization", bearer.as_str()),
        ("authorization", "Bearer a.b.c"),
        ("x-original-method", "GET"),
        ("x-original-uri", "/invoices/7"),
    ];
    let path = format!("/gate/{}", guarded.id);
    assert_eq!(guarded.server.request("GET", &path, &headers, vec![]).status, 401);
}

/// The path of the issuer may have a part like Envoy's prefix.
#[test]
fn the_path_behind_a_prefix_is_read_from_the_end_of_the_prefix() {
    let issuer = "https://issuer.example/envoy";
    let server = Server::start_with(&[("COUNTERSIGN_ISSUER", issuer)]);
    let id = server.resource(BILLING_API, &["a"]);
    let client = server.application("client", &[(BILLING_API, "a")]);
    let route = Route::read("GET", "/invoices/{id}", "a").unwrap();
    server.act(|conn, actor| routes::add(conn, actor, &id, &route));
    let form = [("grant_type", "client_credentials")];
    let token = server.post_as(&client, "/envoy/oauth/token", &form).json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let ask = |path: &str| {
        let path = format!("/envoy/gate/{id}/envoy{path}");
        server.request("GET", &path, &[("authorization", &bearer)], vec![]).status
    };
    assert_eq!((ask("/invoices/7?x=1"), ask("/elsewhere"), ask("")), (200, 403, 403));
}

#[test]
fn a_sample_has_every_refusal_and_some_of_the_rest() {
    let guarded = Guarded::new(&ROUTES);
    guarded.records(AccessRecords::Sampled);
    let token = guarded.server.issue(&guarded.reporting);
    for _ in 0..600 {
        guarded.ask(&token, "GET", "/invoices/7");
    }
    guarded.ask(&token, "POST", "/invoices");
    // What was handed over stands before what is waited for.
    guarded.server.issue(&guarded.reporting);
    assert_eq!(guarded.events("access.denied").len(), 1);
    let sampled = guarded.events("access.allowed").len();
    assert!((1..60).contains(&sampled), "{sampled} of 600");
}

/// A count that cannot be written waits until it can.
#[test]
fn no_count_is_lost_while_the_database_is_away() {
    let guarded = Guarded::new(&ROUTES);
    let token = guarded.server.issue(&guarded.reporting);
    guarded.ask(&token, "GET", "/invoices/7");
    guarded.server.clock.advance(Seconds(60));
    guarded.server.database.refuse_inserts("audit_events");
    let now = guarded.server.clock.now();
    let mark = || guarded.server.app.entropy.mark(now);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let written = runtime.block_on(guarded.server.app.recorder.record_counts(now, mark, false));
    assert!(written.is_err());
    guarded.server.database.allow_inserts("audit_events");
    guarded.server.recovers();
    guarded.server.count();
    assert_eq!(guarded.events("access.counted").len(), 1);
}
