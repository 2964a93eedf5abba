//! The saved questions, each asked of one small world whose answers are known.
use std::collections::BTreeSet;

use countersign::admin::{applications, audit, grants, revocations, secrets};
use countersign::model::grant::Access;
use countersign::oauth::UnixTime;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::reports::report::{self, Parameters};
use countersign::reports::table::{Cell, Table};

use crate::support::Server;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, Client, World};

/// Three days: grants on the first, traffic on the second, changes on the third.
struct Past {
    server: Server,
    world: World,
}

const DAY_ONE: &str = "2023-11-14";
const DAY_TWO: &str = "2023-11-15";

impl Past {
    fn new() -> Self {
        let server = Server::start_with(&[("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1/32")]);
        let world = server.world();
        let past = Self { server, world };
        let Past { server, world } = &past;
        server.advance(Seconds::DAY);
        past.token(&world.billing, "192.0.2.1", "invoices:read");
        past.token(&world.billing, "192.0.2.1", "invoices:read invoices:write");
        server.advance(Seconds(60));
        past.token(&world.billing, "198.51.100.7", "invoices:read");
        past.token(&world.reporting, "192.0.2.9", "invoices:write");
        let guess = Client { secret: world.mallory.secret.clone(), ..world.reporting.clone() };
        for _ in 0..6 {
            assert_eq!(past.token(&guess, "203.0.113.5", "invoices:read").status, 401);
        }
        past.token(&world.reporting, "203.0.113.5", "invoices:read");
        server.settle();
        server.advance(Seconds::DAY);
        let (reporting, mallory) = (&world.reporting.client_id, &world.mallory.client_id);
        let write = Access::Scopes(vec!["invoices:write".into()]);
        server.act(|conn, actor| grants::set(conn, actor, reporting, BILLING_API, &write));
        server.advance(Seconds(1));
        server.act(|conn, actor| applications::suspend(conn, actor, mallory));
        past
    }

    fn token(&self, client: &Client, from: &str, scope: &str) -> Answer {
        use base64::Engine as _;
        let pair = format!("{}:{}", client.client_id, client.secret);
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let authorization = format!("Basic {basic}");
        let headers = [("authorization", authorization.as_str()), ("x-forwarded-for", from)];
        let parameters = [("grant_type", "client_credentials"), ("scope", scope)];
        self.server.token_request(&headers, &parameters)
    }

    fn told(&self) -> Parameters {
        Parameters::at(self.server.clock.now())
    }

    fn table(&self, id: &str, told: &Parameters) -> Table {
        let report = report::find(id).unwrap();
        let table = self.server.read(|conn| report.ask(conn, told));
        assert_eq!(table.columns, report.columns);
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{id}");
        assert!(!table.is_cut, "{id}");
        table
    }

    /// These columns of the answer.
    fn ask(&self, id: &str, columns: &[&str]) -> Vec<String> {
        self.ask_with(id, columns, &self.told())
    }

    fn ask_with(&self, id: &str, columns: &[&str], told: &Parameters) -> Vec<String> {
        let table = self.table(id, told);
        let places: Vec<usize> = columns
            .iter()
            .map(|name| table.columns.iter().position(|column| column.name == *name).unwrap())
            .collect();
        let tell = |row: &Vec<Cell>| {
            let cells: Vec<String> = places.iter().map(|place| row[*place].plain()).collect();
            cells.join(" | ").replace("https://api.example.com/", "")
        };
        table.rows.iter().map(tell).collect()
    }
}

#[test]
fn questions_about_access() {
    let past = Past::new();
    assert_eq!(
        past.ask("access", &["application", "owner", "api", "scope", "granted_by", "last_used"]),
        [
            "billing | nobody | billing | invoices:read | root | 2023-11-15T22:14:20.000000Z",
            "billing | nobody | billing | invoices:write | root | 2023-11-15T22:13:20.000000Z",
            "reporting | nobody | billing | invoices:write | root | ",
        ]
    );
    let made = past.ask("grants-made", &["application", "api", "scope", "granted_by"]);
    let made: BTreeSet<&str> = made.iter().map(String::as_str).collect();
    assert_eq!(
        made.into_iter().collect::<Vec<_>>(),
        [
            "billing | billing | (may call it) | root",
            "billing | billing | invoices:read | root",
            "billing | billing | invoices:write | root",
            "reporting | billing | (may call it) | root",
            "reporting | billing | invoices:read | root",
            "reporting | billing | invoices:write | root",
        ]
    );
    let write = Parameters { scope: Some("invoices:write".into()), ..past.told() };
    assert_eq!(
        past.ask_with("grants-made", &["time", "application", "until"], &write),
        ["2023-11-16T22:14:20.000000Z | reporting | ", "2023-11-14T22:13:20.000000Z | billing | ",]
    );
    let both = past.ask("segregation-of-duties", &["application", "person", "grants"]);
    let both: BTreeSet<&str> = both.iter().map(String::as_str).collect();
    assert_eq!(
        both.into_iter().collect::<Vec<_>>(),
        ["billing | root | 1", "reporting | root | 2"]
    );
    let nobody = Parameters { person: Some("eve".into()), ..past.told() };
    assert!(past.ask_with("segregation-of-duties", &["application"], &nobody).is_empty());
    // The suspended one is not asked for.
    assert!(past.ask("unused-applications", &["application"]).is_empty());
    past.server.advance(Seconds::days(88));
    past.server.application("idle", &[]);
    past.server.advance(Seconds::days(4));
    let ninety = past.ask("unused-applications", &["application", "secrets"]);
    assert_eq!(ninety, ["billing | 1", "reporting | 1"]);
    let three = Parameters { days: 3, ..past.told() };
    let three = past.ask_with("unused-applications", &["application", "last_used"], &three);
    assert_eq!(three.len(), 3);
    assert_eq!(three[1], "idle | ");
}

#[test]
fn questions_about_tokens() {
    let past = Past::new();
    let (billing, reporting) = (&past.world.billing, &past.world.reporting);
    let secret = Parameters { secret: Some(billing.secret_id.clone()), ..past.told() };
    let of_secret = past.ask_with("credential", &["api", "scopes", "address"], &secret);
    let newest = "billing | invoices:read | 198.51.100.7".to_owned();
    assert_eq!((of_secret.len(), &of_secret[0]), (3, &newest));
    let scope = |scope: &str| Parameters {
        api: Some(BILLING_API.into()),
        scope: Some(scope.into()),
        ..past.told()
    };
    let read =
        past.ask_with("scope-tokens", &["day", "application", "tokens"], &scope("invoices:read"));
    let mut expected = [(billing, "billing | 3"), (reporting, "reporting | 1")]
        .map(|(client, text)| (client.client_id.clone(), format!("{DAY_TWO} | {text}")));
    expected.sort();
    assert_eq!(read, expected.map(|(_, text)| text));
    let earlier = UnixTime(past.told().from.0);
    let none = Parameters { to: earlier, from: earlier - Seconds::DAY, ..scope("invoices:read") };
    assert!(past.ask_with("scope-tokens", &["day"], &none).is_empty(), "{DAY_ONE}");

    let event = past.server.events("token.issued").remove(0);
    let kid = event.token.as_ref().unwrap().kid.clone().unwrap();
    past.server.act(|conn, actor| {
        revocations::revoke(conn, actor, Kind::Application, &billing.client_id, "leaked")
    });
    let trace = Parameters { token: Some(format!("req_{}", event.id)), ..past.told() };
    assert_eq!(
        past.ask_with("token", &["what", "detail"], &trace),
        ["issued | invoices:read", "expired | "],
        "what came after its end ended it not"
    );
    let key = |now| Parameters { key: Some(kid.clone()), now, ..past.told() };
    assert!(past.ask_with("key", &["application"], &key(past.told().now)).is_empty());
    let then = UnixTime(event.at) + Seconds(120);
    let living = past.ask_with("key", &["application", "living"], &key(then));
    let living: BTreeSet<&str> = living.iter().map(String::as_str).collect();
    assert_eq!(living.into_iter().collect::<Vec<_>>(), ["billing | 3", "reporting | 1"]);
}

#[test]
fn a_token_that_was_revoked_and_used_tells_its_whole_life() {
    let past = Past::new();
    let answer = past.token(&past.world.billing, "192.0.2.1", "invoices:read");
    let id = answer.header("x-request-id").unwrap().to_owned();
    past.server.advance(Seconds(60));
    let client_id = past.world.billing.client_id.clone();
    past.server.act(|conn, actor| applications::suspend(conn, actor, &client_id));
    let trace = Parameters { token: Some(id), ..past.told() };
    assert_eq!(
        past.ask_with("token", &["what", "detail"], &trace),
        [
            "issued | invoices:read",
            "revoked: application | application suspended, by root",
            "expires | ",
        ]
    );
}

/// It must be empty, and it must not be when something is wrong.
#[test]
fn a_token_outside_the_policy_is_found() {
    let past = Past::new();
    let columns = ["api", "scope", "why"];
    assert!(past.ask("outside-policy", &columns).is_empty());
    // Somebody who can write the database takes a grant away from the past.
    past.server.settle();
    past.server
        .database
        .execute("UPDATE grant_spans SET valid_from = valid_from + 172800000000 WHERE scope = 'invoices:read'")
        .unwrap();
    let found = past.ask("outside-policy", &columns);
    assert_eq!(found.len(), 2, "{found:?}");
    let wrong = "billing | invoices:read | it did not hold this on that day";
    assert!(found.iter().all(|row| row == wrong), "{found:?}");
}

#[test]
fn tokens_after_a_suspension_or_the_end_of_a_grant_are_found() {
    let past = Past::new();
    let columns = ["api", "scope", "why"];
    let (client_id, begin) = (past.world.billing.client_id.clone(), past.server.clock.now());
    past.token(&past.world.billing, "192.0.2.1", "invoices:read");
    past.server.advance(Seconds(10));
    let at = begin.0 - 5_000_000;
    past.server
        .database
        .execute(&format!(
            "UPDATE grant_spans SET valid_until = {at}, ended_by = 'x'              WHERE client_id = '{client_id}' AND scope = 'invoices:read';              INSERT INTO application_spans VALUES ('{client_id}', 'suspended', {at}, NULL, 'y', NULL)"
        ))
        .unwrap();
    let found = past.ask("outside-policy", &columns);
    assert_eq!(
        found,
        [
            "billing | invoices:read | the application was suspended",
            "billing | invoices:read | it did not hold this any more",
        ]
    );
}

#[test]
fn questions_about_refusals() {
    let past = Past::new();
    let refusals = past.ask("refusals", &["day", "application", "reason", "address", "requests"]);
    assert_eq!(
        refusals,
        [
            format!("{DAY_TWO} | reporting | bad_secret | 203.0.113.5 | 6"),
            format!("{DAY_TWO} | reporting | scope_not_granted | 192.0.2.9 | 1"),
        ]
    );
    let failed =
        past.ask("failed-authentications", &["application", "address", "failures", "daily_before"]);
    assert_eq!(failed, ["reporting | 203.0.113.5 | 6 | 0"]);
    let later = Parameters { from: past.told().now - Seconds(3_600), ..past.told() };
    assert!(past.ask_with("failed-authentications", &["address"], &later).is_empty());
    let success =
        past.ask("success-after-failures", &["application", "address", "failures", "tokens"]);
    assert_eq!(success, ["reporting | 203.0.113.5 | 6 | 1"]);
    let new = past.ask("new-addresses", &["application", "address", "tokens"]);
    let new: BTreeSet<&str> = new.iter().map(String::as_str).collect();
    assert_eq!(
        new.into_iter().collect::<Vec<_>>(),
        ["billing | 192.0.2.1 | 2", "billing | 198.51.100.7 | 1", "reporting | 203.0.113.5 | 1",]
    );
    let shared = past.ask("shared-secrets", &["application", "first_address", "second_address"]);
    assert_eq!(shared, ["billing | 192.0.2.1 | 198.51.100.7"]);
    let denials = past.ask("denials", &["day", "reason", "requests"]);
    assert_eq!(
        denials,
        [format!("{DAY_TWO} | bad_secret | 6"), format!("{DAY_TWO} | scope_not_granted | 1")]
    );
}

#[test]
fn questions_about_acts() {
    let past = Past::new();
    let changes = past.ask("changes", &["person", "act", "what", "changes"]);
    assert_eq!(
        changes[0],
        "root | application.suspended | mallory | state: \"active\" → \"suspended\""
    );
    assert_eq!(
        changes[1],
        "root | grant.set | reporting | resource: \"\" → \"billing\"; \
         scopes: \"invoices:read\" → \"invoices:write\""
    );
    let of = Parameters { application: Some(past.world.mallory.client_id.clone()), ..past.told() };
    assert_eq!(past.ask_with("changes", &["act"], &of).len(), 3);
    let life = past.ask("applications", &["act", "application", "person"]);
    assert_eq!((life.len(), life[0].as_str()), (4, "suspended | mallory | root"));
    let eve = Parameters { person: Some("eve".into()), ..past.told() };
    assert!(past.ask_with("applications", &["act"], &eve).is_empty());

    assert!(past.ask("log-readers", &["act"]).is_empty());
    let browser = past.server.signed_in("auditor");
    assert_eq!(browser.get("/reports/denials/rows.csv").status, 200);
    let readers = past.ask("log-readers", &["person", "act", "office_hours"]);
    assert_eq!(readers, ["auditor | report.exported | no"], "at a quarter past ten in the evening");
    assert!(past.ask("completeness", &["what"]).is_empty());
    past.server.act(|conn, actor| audit::export(conn, actor, "jsonl", ""));
    assert!(past.ask("completeness", &["what"]).is_empty(), "to read is no gap");
}

#[test]
fn questions_about_upkeep() {
    let past = Past::new();
    let (client_id, secret_id) = (&past.world.billing.client_id, &past.world.billing.secret_id);
    past.server.advance(Seconds::days(100));
    let new = countersign::model::secret::NewSecret { name: "second".into(), lifetime: None };
    past.server.act(|conn, actor| secrets::add(conn, actor, client_id, &new));
    let old = past.ask("secrets", &["application", "secret", "age_days", "rotated"]);
    assert_eq!(old.len(), 3, "{old:?}");
    assert!(old.contains(&"billing | initial | 102 | yes".to_owned()), "{old:?}");
    assert!(old.contains(&"reporting | initial | 102 | never".to_owned()), "{old:?}");
    let all = Parameters { days: 0, application: Some(client_id.clone()), ..past.told() };
    assert_eq!(past.ask_with("secrets", &["secret"], &all), ["initial", "second"]);
    past.server.act(|conn, actor| {
        secrets::revoke(conn, actor, client_id, secret_id, secrets::Tokens::Revoke)
    });
    assert_eq!(past.ask_with("secrets", &["secret"], &all), ["second"]);
    let revoked = past.ask("revocations", &["kind", "by", "reason"]);
    assert_eq!(revoked, ["secret | root | secret revoked"]);
    let chains = past.table("integrity", &past.told());
    assert_eq!((chains.rows.len(), chains.rows[0][0].plain()), (1, "main".to_owned()));
    assert_eq!(chains.rows[0][5].plain().len(), 64);
}

#[test]
fn a_report_is_read_printed_and_taken_along_with_its_hash() {
    let past = Past::new();
    let browser = past.server.signed_in("auditor");
    let list = browser.get("/reports");
    assert_eq!(list.texts("main .names a").len(), report::all().count());
    for report in report::all() {
        let page = browser.get(&format!("/reports/{}", report.id));
        assert_eq!(page.status, 200, "{}", report.id);
    }
    let page = browser.get("/reports/denials?from=2023-11-01&to=2023-11-15");
    assert_eq!(page.texts("tbody tr").len(), 2);
    let facts = page.texts(".proof dd");
    assert!(facts[2].starts_with("denials from=2023-11-01T00"), "{facts:?}");
    let file = browser.get("/reports/denials/rows.csv?from=2023-11-01&to=2023-11-15");
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, file.text.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(facts[3], hash);
    assert_eq!(browser.get("/reports/denials?from=soon").status, 422);
    assert_eq!(browser.get("/reports/denials?from=2023-11-02&to=2023-11-01").status, 422);
    assert_eq!(browser.get("/reports/nothing").status, 404);
    assert_eq!(browser.get("/reports/token/rows.csv").status, 400);
    let review = browser.get("/reports/access");
    assert_eq!(review.texts("thead th.paper"), ["Keep", "Remove"]);
    assert!(browser.get("/reports/access?scope=%3Cscript%3E").text.contains("&#60;script&#62;"));
}

/// A page of five thousand rows is slow to make and to show, and nobody reads it.
#[test]
fn a_page_has_the_first_rows_of_a_long_answer_and_the_way_to_all() {
    let server = Server::start();
    let scopes: Vec<String> = (0..75).map(|number| format!("scope:{number:02}")).collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let apis = ["https://api.example/a", "https://api.example/b", "https://api.example/c"];
    for api in apis {
        server.resource(api, &scopes);
    }
    server.application("eager", &apis.map(|api| (api, "*")));
    let browser = server.signed_in("auditor");

    let first = browser.get("/reports/access?api=");
    let (rows, facts) = (first.texts("tbody tr"), first.texts(".proof dd"));
    assert_eq!(
        (rows.len(), facts[0].as_str()),
        (200, "200 The first, there are more Show all rows")
    );
    assert_eq!(facts[3], "Said where all rows are shown", "the hash would be of something else");
    assert!(first.text.contains("href=\"/reports/access?rows=all#results\""), "{}", first.text);

    let all = browser.get("/reports/access?rows=all");
    let (rows, facts) = (all.texts("tbody tr"), all.texts(".proof dd"));
    assert_eq!((rows.len(), facts[0].as_str()), (225, "225"));
    let file = browser.get("/reports/access/rows.csv");
    assert_eq!(file.text.lines().count(), 226);
    assert_eq!(facts[3].len(), 64);
    // An answer that fits is whole at once.
    let some = browser.get("/reports/access?api=https://api.example/a");
    assert_eq!((some.texts("tbody tr").len(), some.texts(".proof dd")[3].len()), (75, 64));
    for (most, is_cut) in [(74, true), (224, true), (225, false), (226, false)] {
        let told = Parameters { most, ..Parameters::at(server.clock.now()) };
        let table = server.read(|conn| report::find("access").unwrap().ask(conn, &told));
        assert_eq!((table.rows.len(), table.is_cut), (most.min(225), is_cut));
    }
}

#[test]
fn who_fetches_a_token_for_each_request_is_named_with_how_many_would_do() {
    let past = Past::new();
    let columns = ["application", "api", "tokens", "needed", "times", "addresses"];
    assert!(past.ask("hoarders", &columns).is_empty());
    for _ in 0..80 {
        assert_eq!(past.token(&past.world.billing, "192.0.2.1", "invoices:read").status, 200);
    }
    past.server.settle();
    assert_eq!(past.ask("hoarders", &columns), ["billing | billing | 80 | 8 | 10 | 1"]);

    let browser = past.server.signed_in("auditor");
    let overview = browser.get("/");
    assert!(overview.text.contains("billing fetched 80 tokens for"), "{}", overview.text);
    assert!(overview.text.contains("/reports/hoarders"));
    let other = Parameters { application: Some("m2m_nobody".into()), ..past.told() };
    assert!(past.ask_with("hoarders", &columns, &other).is_empty());
}
