//! The past: who could call what, and that it is kept with every act.
use countersign::admin::{applications, grants, resources, secrets};
use countersign::model::grant::Access;
use countersign::model::resource::Scope;
use countersign::oauth::UnixTime;
use countersign::oauth::time::Seconds;
use countersign::reports::access::{self, Asked, Row};
use countersign::store;

use crate::support::Server;
use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, LEDGER_API};

fn scopes(text: &str) -> Access {
    Access::Scopes(text.split_whitespace().map(str::to_owned).collect())
}

fn at(server: &Server, at: UnixTime) -> Vec<Row> {
    ask(server, &Asked { at, ..Asked::default() })
}

fn ask(server: &Server, asked: &Asked) -> Vec<Row> {
    server.read(|conn| access::page_with_use(conn, asked, None, 500)).rows
}

/// `application → API: scopes`, without `https://api.example.com/`.
fn told(rows: &[Row]) -> Vec<String> {
    let tell = |row: &Row| {
        let api = row.resource.identifier.rsplit('/').next().unwrap();
        let marks = if row.holding.all { "*" } else { "" };
        format!("{} {api}{marks} {}", row.application.name, row.holding.scopes.join(" "))
    };
    rows.iter().map(tell).collect()
}

#[test]
fn the_past_says_who_held_what_and_by_whose_act() {
    let server = Server::start();
    let world = server.world();
    let first = server.clock.now();
    server.advance(Seconds::DAY);
    let client_id = world.reporting.client_id.clone();
    server.act(|conn, actor| {
        grants::set(conn, actor, &client_id, BILLING_API, &scopes("invoices:write"))
    });
    let second = server.clock.now();
    server.advance(Seconds::DAY);
    server.act(|conn, actor| grants::set(conn, actor, &client_id, LEDGER_API, &Access::All));
    server.act(|conn, actor| grants::remove(conn, actor, &client_id, BILLING_API));
    let third = server.clock.now();

    let of_reporting = |rows: Vec<Row>| {
        told(&rows).into_iter().filter(|row| row.starts_with("reporting")).collect::<Vec<_>>()
    };
    assert!(at(&server, first - Seconds(1)).is_empty());
    assert_eq!(of_reporting(at(&server, first)), ["reporting billing invoices:read"]);
    assert_eq!(of_reporting(at(&server, second)), ["reporting billing invoices:write"]);
    let held = of_reporting(at(&server, third));
    assert_eq!(held, ["reporting ledger* invoices:read ledger:export"]);
    let row = at(&server, third).into_iter().find(|row| row.application.name == "reporting");
    let row = row.unwrap();
    assert_eq!((row.holding.since, row.granted_by.as_deref()), (third, Some("root")));
    assert_eq!(server.events("grant.set").last().unwrap().id, row.holding.begun_by);
}

#[test]
fn the_past_outlives_what_was_deleted_and_its_secrets() {
    let server = Server::start();
    let world = server.world();
    let before = server.clock.now();
    server.advance(Seconds::DAY);
    let client_id = world.billing.client_id.clone();
    server.act(|conn, actor| applications::delete(conn, actor, &client_id));
    let resource = server.read(|conn| store::resources::find_by_identifier(conn, BILLING_API));
    server.act(|conn, actor| resources::delete(conn, actor, &resource.unwrap().id));
    // The same identifier may be used again, and is another API.
    server.resource(BILLING_API, &["other"]);
    server.advance(Seconds::DAY);

    assert!(at(&server, server.clock.now()).is_empty());
    let rows = at(&server, before);
    assert_eq!(
        told(&rows),
        ["billing billing invoices:read invoices:write", "reporting billing invoices:read"]
    );
    assert!(rows.iter().all(Row::could_call));
    let api = Some(BILLING_API.to_owned());
    let asked = Asked { at: before, api, scope: Some("invoices:write".into()), ..Asked::default() };
    assert_eq!(ask(&server, &asked).len(), 1);
    let known =
        server.read(|conn| store::holdings::secrets(conn, std::slice::from_ref(&client_id)));
    assert_eq!(known[0].secret.id, world.billing.secret_id);
    assert!(known[0].worked_at(before) && !known[0].worked_at(before + Seconds::DAY));
}

#[test]
fn who_was_suspended_or_had_no_secret_held_access_and_could_not_use_it() {
    let server = Server::start();
    let world = server.world();
    let (billing, reporting) = (world.billing, world.reporting);
    let start = server.clock.now();
    server.advance(Seconds::DAY);
    server.act(|conn, actor| applications::suspend(conn, actor, &billing.client_id));
    server.act(|conn, actor| {
        let (client_id, secret_id) = (&reporting.client_id, &reporting.secret_id);
        secrets::revoke(conn, actor, client_id, secret_id, secrets::Tokens::Keep)
    });
    let middle = server.clock.now();
    server.advance(Seconds::DAY);
    server.act(|conn, actor| applications::resume(conn, actor, &billing.client_id));
    let could = |time| -> Vec<bool> { at(&server, time).iter().map(Row::could_call).collect() };
    assert_eq!(could(start), [true, true]);
    assert_eq!(could(middle), [false, false]);
    assert_eq!(could(server.clock.now()), [true, false]);
}

#[test]
fn all_scopes_are_those_of_their_day_and_a_removed_scope_leaves_every_grant() {
    let server = Server::start();
    server.world();
    let all = server.application("all", &[(BILLING_API, "*")]);
    let start = server.clock.now();
    server.advance(Seconds::DAY);
    let resource = server.read(|conn| store::resources::find_by_identifier(conn, BILLING_API));
    let id = resource.unwrap().id;
    let scope = Scope { name: "invoices:delete".into(), description: String::new() };
    server.act(|conn, actor| resources::add_scope(conn, actor, &id, &scope));
    server.act(|conn, actor| resources::remove_scope(conn, actor, &id, "invoices:read"));
    let now = server.clock.now();
    let of = |time, client_id: &str| {
        let asked = Asked { at: time, application: Some(client_id.into()), ..Asked::default() };
        told(&ask(&server, &asked)).concat()
    };
    assert_eq!(of(start, &all.client_id), "all billing* invoices:read invoices:write");
    assert_eq!(of(now, &all.client_id), "all billing* invoices:delete invoices:write");
    assert_eq!(of(now, "reporting"), "reporting billing ");
}

/// Whatever is done, what the past says of now is what the registry says.
#[test]
fn after_any_acts_the_past_ends_with_the_present() {
    let server = Server::start();
    let ids: Vec<String> = (0..3)
        .map(|i| server.resource(&format!("https://api.example.com/{i}"), &["a", "b", "c"]))
        .collect();
    let clients: Vec<String> =
        (0..4).map(|i| server.application(&format!("app-{i}"), &[]).client_id).collect();
    let mut random = 0x2545_f491_u64;
    let mut pick = move |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % most as u64).unwrap()
    };
    for _ in 0..60 {
        server.clock.advance(Seconds(60));
        let (client, resource) = (&clients[pick(4)], &ids[pick(3)]);
        let named: Vec<&str> = ["a", "b", "c"].into_iter().filter(|_| pick(2) == 0).collect();
        // What an act refuses changes nothing.
        let _ = server.try_act(|conn, actor| match pick(8) {
            0 => grants::remove(conn, actor, client, resource),
            1 => grants::set(conn, actor, client, resource, &Access::All),
            2 => applications::suspend(conn, actor, client),
            3 => applications::resume(conn, actor, client),
            4 => resources::remove_scope(conn, actor, resource, ["a", "b", "c"][pick(3)]),
            5 => {
                let name = ["a", "b", "c"][pick(3)].to_owned();
                resources::add_scope(
                    conn,
                    actor,
                    resource,
                    &Scope { name, description: String::new() },
                )
            }
            _ => grants::set(conn, actor, client, resource, &scopes(&named.join(" "))),
        });
    }
    let mut present = Vec::new();
    for client_id in &clients {
        for grant in server.read(|conn| store::grants::all(conn, client_id)) {
            let scopes = match &grant.access {
                Access::All => server.read(|conn| store::scopes::all(conn, &grant.resource_id)),
                Access::Scopes(names) => names
                    .iter()
                    .map(|name| Scope { name: name.clone(), description: String::new() })
                    .collect(),
            };
            let names: Vec<String> = scopes.into_iter().map(|scope| scope.name).collect();
            let whole = grant.access == Access::All;
            present.push((client_id.clone(), grant.resource_identifier, whole, names));
        }
    }
    let rows = at(&server, server.clock.now());
    let past = rows.into_iter().map(|row| {
        let holding = row.holding;
        (row.application.client_id, row.resource.identifier, holding.all, holding.scopes)
    });
    let mut past: Vec<_> = past.collect();
    past.sort();
    present.sort();
    assert_eq!(past, present);
    assert!(!present.is_empty());
}

#[test]
fn a_list_is_read_page_by_page_and_no_row_twice() {
    let server = Server::start();
    for api in ["a", "b", "c"] {
        server.resource(&format!("https://api.example.com/{api}"), &["s"]);
    }
    for i in 0..9 {
        // Of three each has the same name.
        let grants = ["a", "b", "c"].map(|api| (format!("https://api.example.com/{api}"), "s"));
        let grants: Vec<_> = grants.iter().map(|(api, scopes)| (api.as_str(), *scopes)).collect();
        server.application(&format!("app-{}", i / 3), &grants);
    }
    let asked = Asked { at: server.clock.now(), ..Asked::default() };
    let narrowed = Asked { scope: Some("s".into()), ..asked.clone() };
    for asked in [asked, narrowed] {
        let whole = server.read(|conn| access::page_with_use(conn, &asked, None, 100)).rows;
        let (mut keys, mut after) = (Vec::new(), None);
        loop {
            let page = server.read(|conn| access::page_with_use(conn, &asked, after.as_deref(), 4));
            keys.extend(page.rows.iter().map(Row::key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(keys, whole.iter().map(Row::key).collect::<Vec<_>>());
        assert_eq!(keys.len(), 27);
    }
}

/// A database of an older release knows since when what it holds is held.
#[test]
fn what_was_granted_before_the_past_was_kept_is_known_since_it_was_granted() {
    let database = TestDatabase::new();
    let folder = if database.url.starts_with("sqlite") { "sqlite" } else { "postgres" };
    let mut files: Vec<_> = std::fs::read_dir(format!("migrations/{folder}"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("up.sql"))
        .collect();
    files.sort();
    let mine = files.iter().position(|f| f.to_str().unwrap().contains("remember_grants")).unwrap();
    let run = |sql: &str| database.execute(sql).unwrap();
    for file in &files[..mine] {
        run(&std::fs::read_to_string(file).unwrap());
    }
    run("INSERT INTO resources (id, identifier, name, name_key, description, \
         token_lifetime_seconds, algorithm, created_at, version) \
         VALUES ('res_1', 'urn:a', 'A', 'a', '', 600, 'ES256', 10, 1)");
    run("INSERT INTO scopes VALUES ('res_1', 's', '', 20)");
    run("INSERT INTO applications (client_id, name, name_key, description, owner, contact, \
         active, created_at, version) VALUES ('m2m_1', 'X', 'x', '', 'Team', '', TRUE, 30, 1)");
    run("INSERT INTO grants VALUES ('m2m_1', 'res_1', FALSE, 40)");
    run("INSERT INTO grant_scopes VALUES ('m2m_1', 'res_1', 's')");
    run(&std::fs::read_to_string(&files[mine]).unwrap());
    let database_url = store::Database::parse(&database.url).unwrap();
    let mut conn = database_url.connect().unwrap();
    let mut at = |at| {
        let asked = Asked { at: UnixTime(at), ..Asked::default() };
        access::page(&mut conn, &asked, None, 10).unwrap().rows
    };
    assert!(at(39).is_empty());
    let row = at(40).remove(0);
    assert_eq!((row.holding.scopes.join(" "), row.is_active), ("s".to_owned(), true));
    assert_eq!(row.granted_by, None);
}
