//! Every route of the console with every role, against the real server.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use countersign::admin::{administrators, application_owners};
use countersign::console::pages::{Need, PAGES, need};
use countersign::model::administrator::AdministratorDetails;
use countersign::model::role::{Reach, Right, Role};
use countersign::store::administrators::find_by_email;

use crate::support::Server;
use crate::support::browser::PASSWORD;
use crate::support::world::{BILLING_API, World};

/// The routes, read off the source: path and method.
fn routed() -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::from("src/console")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                read(&path, &mut found);
            }
        }
    }
    found
}

fn read(file: &Path, found: &mut BTreeSet<(String, &'static str)>) {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    assert!(!code.contains("web::scope(\"/"), "{}: write whole paths", file.display());
    // Of `web::resource("/x")` or `.route("/x", …)` up to the next.
    let mut rest = code;
    while let Some(at) = [".route(", "web::resource("].iter().filter_map(|w| rest.find(w)).min() {
        rest = &rest[at..];
        let opened = rest.find('(').unwrap() + 1;
        rest = &rest[opened..];
        let Some(quoted) = rest.trim_start().strip_prefix('"') else { continue };
        let path = quoted.split('"').next().unwrap().to_owned();
        let end = [".route(\"", ".route(\n", "web::resource(", ";"]
            .iter()
            .filter_map(|word| quoted.find(word))
            .min();
        let of_path = &quoted[..end.unwrap_or(quoted.len())];
        for (word, method) in [("web::get()", "GET"), ("web::post()", "POST")] {
            if of_path.contains(word) {
                found.insert((path.clone(), method));
            }
        }
    }
}

fn listed() -> BTreeSet<(String, &'static str)> {
    let mut listed = BTreeSet::new();
    for (path, get, post) in PAGES {
        for (need, method) in [(get, "GET"), (post, "POST")] {
            if need.is_some() {
                assert!(listed.insert(((*path).to_owned(), method)), "{path} is listed twice");
            }
        }
    }
    listed
}

#[test]
fn every_route_says_what_it_needs_and_nothing_else_does() {
    let (routed, listed) = (routed(), listed());
    let missing: Vec<_> = routed.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&routed).collect();
    assert!(missing.is_empty(), "not in src/console/pages.rs: {missing:?}");
    assert!(stale.is_empty(), "in src/console/pages.rs, and not routed: {stale:?}");
    assert!(routed.len() > 100, "{}", routed.len());
}

/// Somebody whom nobody is signed in as: whom paths of people name.
pub(super) fn spare(server: &Server) {
    let details = AdministratorDetails::read("spare@example.com", "Spare", "auditor").unwrap();
    server.act(|conn, actor| administrators::create(conn, actor, details, "h"));
}

/// A path with real ids in it; [`spare`] is there.
pub(super) fn real(server: &Server, world: &World, pattern: &str) -> String {
    let api =
        server.read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API));
    let api = api.unwrap().id;
    let person = server.read(|conn| find_by_email(conn, "spare@example.com")).unwrap().0.id;
    let path = pattern
        .replace("{client_id}", &world.billing.client_id)
        .replace("{secret_id}", &world.billing.secret_id)
        .replace("{scope}", "none")
        .replace("{session}", "ses_none")
        .replace("{passkey}", "psk_none")
        .replace("{format:csv|jsonl|cef|ocsf}", "csv")
        .replace("{rest:.*}", "checkpoint");
    if path.starts_with("/apis") {
        path.replace("{id}", &api)
    } else if path.starts_with("/people") {
        path.replace("{id}", &person)
    } else {
        path.replace("{id}", "none")
    }
}

/// Fields of every form together, so that each is read and none is fulfilled.
pub(super) const FIELDS: [(&str, &str); 45] = [
    ("issuer", "x"),
    ("challenge", "x"),
    ("credential", "x"),
    ("code", "x"),
    ("draft", "x"),
    ("per_minute", "x"),
    ("per_day", "x"),
    ("name", "x"),
    ("email", "x"),
    ("role", "x"),
    ("version", "1"),
    ("current", "x"),
    ("password", "x"),
    ("network", "x"),
    ("length", "1"),
    ("reason", "x"),
    ("token", "x"),
    ("purpose", "access_tokens"),
    ("algorithm", "ES256"),
    ("method", "GET"),
    ("path", "/none"),
    ("scope", "x y"),
    ("description", "x"),
    ("identifier", "x"),
    ("keys", "on"),
    ("language", "en"),
    ("theme", "dark"),
    ("back", "/"),
    ("kind", "none"),
    ("subject", "none"),
    ("client_id", "none"),
    ("application", "none"),
    ("lifetime", "1"),
    ("overlap", "1"),
    ("owner", "none"),
    ("event", "none"),
    ("act", "none"),
    ("url", "x"),
    ("api", "none"),
    ("after", ""),
    ("expires_in_days", "x"),
    ("access_records", "x"),
    ("client_secret", "x"),
    ("contact", "x"),
    ("token_lifetime_seconds", "x"),
];

/// OWASP ASVS 5.0 §8.2.1, §8.2.2: whoever lacks the right gets 403, whoever has
/// it anything else.
#[test]
fn every_route_is_for_the_roles_of_the_table() {
    for role in Role::ALL {
        for owns in [true, false] {
            if role != Role::Developer && !owns {
                continue;
            }
            walk(role, owns);
        }
    }
}

fn walk(role: Role, owns: bool) {
    let server = Server::start();
    let world = server.world();
    for role in Role::ALL {
        server.administrator(role.as_str());
    }
    spare(&server);
    let person = server.read(|conn| find_by_email(conn, &format!("{role}@example.com"))).unwrap().0;
    if owns {
        let people = [person.id];
        server.act(|conn, actor| {
            application_owners::set(conn, actor, &world.billing.client_id, &people)
        });
    }
    let sign_in = || {
        let browser = server.browser();
        assert_eq!(browser.sign_in(&format!("{role}@example.com"), PASSWORD).status, 303);
        browser
    };
    let mut browser = sign_in();
    // What ends the session, the application or the secret comes last.
    let mut routes: Vec<_> = listed().into_iter().collect();
    routes.sort_by_key(|(path, method)| {
        (*method == "POST", path.contains("secret_id"), path.ends_with("/deletion"))
    });
    for (pattern, method) in routes {
        let path = real(&server, &world, &pattern);
        let may = match need(method, &pattern).unwrap() {
            Need::Anybody | Need::Password => true,
            Need::Right(right) | Need::Confirmed(right) => match role.reach(right) {
                Reach::Everything => true,
                Reach::Owned => owns || !pattern.contains("{client_id}"),
                Reach::Nothing => false,
            },
        };
        // Streams do not end.
        if may && matches!(pattern.rsplit('/').next(), Some("stream" | "first-use")) {
            continue;
        }
        let status = match method {
            "GET" => {
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(FIELDS)
                    .finish();
                browser.get(&format!("{path}?{query}")).status
            }
            _ => browser.post(&path, &FIELDS).status,
        };
        assert_eq!(status != 403, may, "{role} (owns: {owns}) {method} {path}: {status}");
        assert!(status < 500, "{role} {method} {path}: {status}");
        if pattern == "/sign-out" {
            browser = sign_in();
        }
    }
}

#[test]
fn without_a_session_every_page_but_the_way_in_leads_to_the_sign_in() {
    let server = Server::start();
    let world = server.world();
    spare(&server);
    for (pattern, method) in listed() {
        let path = real(&server, &world, &pattern);
        let browser = server.browser();
        let answer = match method {
            "GET" => browser.get(&path),
            _ => browser.post(&path, &FIELDS),
        };
        let to = answer.header("location");
        let led = answer.status == 303 && to.is_some_and(|to| to.starts_with("/sign-in?next="));
        // A form comes along, sealed.
        let carried = method == "POST"
            && answer.status == 401
            && answer.text.contains("action=\"/sign-in\"")
            && answer.text.contains("name=\"draft\"");
        let closed = need(method, &pattern) != Some(Need::Anybody);
        assert_eq!(led || carried, closed, "{method} {path}: {}", answer.status);
    }
}

/// `docs/roles.md` is made from the tables. To write it anew:
/// `UPDATE=1 cargo test --test suite the_manual_of_roles`.
#[test]
fn the_manual_of_roles_says_what_the_tables_say() {
    let mut text = String::from(
        "# Roles\n\nMade from `src/model/role.rs` and `src/console/pages.rs`; a test holds it to \
         them, and every page of a real server to it.\n\n",
    );
    let head = |text: &mut String, first: &str| {
        let roles = Role::ALL.map(Role::as_str).join(" | ");
        writeln!(text, "| {first} | {roles} |\n|---|---|---|---|---|").unwrap();
    };
    let cell = |role: Role, right: Right| match role.reach(right) {
        Reach::Everything => "yes",
        Reach::Owned => "own",
        Reach::Nothing => "–",
    };
    text.push_str(
        "*own*: the applications that the person or a team of theirs owns; an admin says so on the \
         page of the application. Lists show those alone.\n\n",
    );
    head(&mut text, "May");
    for right in Right::ALL {
        let cells = Role::ALL.map(|role| cell(role, right)).join(" | ");
        writeln!(text, "| {} | {cells} |", right.as_str()).unwrap();
    }
    text.push_str("\n## Pages\n\n");
    head(&mut text, "Page");
    for (path, get, post) in PAGES {
        for (need, method) in [(get, "GET"), (post, "POST")] {
            let Some(need) = need else { continue };
            let cells = Role::ALL.map(|role| match need {
                Need::Anybody => "all".to_owned(),
                Need::Password => "password".to_owned(),
                Need::Right(right) => cell(role, *right).to_owned(),
                Need::Confirmed(right) if role.reach(*right) == Reach::Nothing => "–".to_owned(),
                Need::Confirmed(right) => format!("{}, confirmed", cell(role, *right)),
            });
            writeln!(text, "| {method} `{path}` | {} |", cells.join(" | ")).unwrap();
        }
    }
    text.push_str(
        "\n*all*: without signing in, with a link or a password. *password*: after it, and \
         before anybody is signed in. *confirmed*: whoever proved who \
         they are more than ten minutes ago is asked again.\n",
    );
    if std::env::var("UPDATE").is_ok() {
        fs::write("docs/roles.md", &text).unwrap();
    }
    let manual = fs::read_to_string("docs/roles.md").unwrap_or_default();
    assert_eq!(manual, text, "docs/roles.md is of another table");
}

/// OWASP ASVS 5.0 §8.2.2, §8.3.2.
#[test]
fn a_developer_cares_for_what_they_own_and_sees_nothing_else() {
    let server = Server::start();
    let world = server.world();
    let developer = server.signed_in("developer");
    let (own, other) = (&world.billing, &world.reporting);
    let own_page = format!("/applications/{}", own.client_id);
    assert_eq!(developer.get("/").header("location"), Some("/applications"));
    assert_eq!(developer.get(&own_page).status, 403);
    assert!(!developer.get("/applications").text.contains(&own.client_id));

    // An admin makes them an owner; it counts at once.
    let admin = server.signed_in("admin");
    let id = server.read(|conn| find_by_email(conn, "developer@example.com")).unwrap().0.id;
    let set = admin.post(&format!("{own_page}/owners"), &[("owner", &id)]);
    assert_eq!(set.status, 303, "{}", set.text);
    assert_eq!(admin.post(&format!("{own_page}/owners"), &[("owner", "adm_none")]).status, 422);
    let list = developer.get("/applications").text;
    assert!(list.contains(&own.client_id) && !list.contains(&other.client_id));
    let page = developer.get(&own_page);
    assert_eq!(page.status, 200);
    for hidden in ["/access\"", "/deletion\"", "/owners\"", "href=\"/log", "/revocations/new"] {
        assert!(!page.text.contains(hidden), "{hidden}");
    }
    // Every link of the page leads somewhere they may go.
    let links = scraper::Html::parse_document(&page.text);
    for link in links.select(&scraper::Selector::parse("a[href^='/']").unwrap()) {
        let href = link.value().attr("href").unwrap();
        assert_ne!(developer.get(href).status, 403, "{href}");
    }

    let made = developer
        .post(&format!("{own_page}/secrets/new"), &[("name", "next"), ("expires_in_days", "90")]);
    assert!(made.status < 400, "{}: {}", made.status, made.text);
    assert_eq!(
        server.events("secret.added").last().unwrap().actor.role.as_deref(),
        Some("developer")
    );
    // The secret of another, under one's own application, and by its own path.
    for path in [
        format!("{own_page}/secrets/{}/revocation", other.secret_id),
        format!("/applications/{}/secrets/{}/revocation", other.client_id, other.secret_id),
    ] {
        let refused = developer.post(&path, &[]).status;
        assert!(matches!(refused, 403 | 404), "{path}: {refused}");
    }
    assert!(server.events("secret.revoked").is_empty());
    for forbidden in ["access", "deletion", "resumption", "owners"] {
        assert_eq!(
            developer.post(&format!("{own_page}/{forbidden}"), &[]).status,
            403,
            "{forbidden}"
        );
    }
    let search = developer.get("/search?q=reporting");
    assert!(search.status == 200 && !search.text.contains(&other.client_id));

    assert_eq!(admin.post(&format!("{own_page}/owners"), &[]).status, 303);
    assert_eq!(developer.get(&own_page).status, 403, "at once");
    assert_eq!(server.events("application.owners_changed").len(), 2);
}
