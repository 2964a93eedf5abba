//! Revoking in every size, and what the pages say of it afterwards.
use countersign::oauth::time::Seconds;
use countersign::revocations::exposure;

use crate::support::browser::Browser;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, World};
use crate::support::{NOW, Server};

/// Asks for what it would hit, and says where to send the form.
fn choose(browser: &Browser<'_>, kind: &str, subject: &str) -> Answer {
    browser.post("/revocations/choice", &[("kind", kind), ("subject", subject)])
}

fn revoke(browser: &Browser<'_>, kind: &str, subject: &str, confirmation: &str) -> Answer {
    let fields = [
        ("kind", kind),
        ("subject", subject),
        ("reason", "seen in a public repository"),
        ("confirmation", confirmation),
    ];
    browser.post("/revocations/new", &fields)
}

fn explore(server: &Server) {
    exposure::explore(&server.app.store, Seconds(30)).unwrap();
}

fn jti(token: &str) -> String {
    Server::claims(token)["jti"].as_str().unwrap().to_owned()
}

fn is_good(server: &Server, token: &str) -> bool {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    server.request("GET", "/whoami", &headers, Vec::new()).status == 200
}

/// The key that signed a token, as its log entry has it.
fn kid_of(server: &Server, token: &str) -> String {
    let issued = server.events("token.issued");
    let event = issued.iter().find(|event| event.id == jti(token)).unwrap();
    event.token.as_ref().unwrap().kid.clone().unwrap()
}

/// Every kind: its subject, what to type, and what the page is called then.
fn kinds(server: &Server, world: &World, token: &str) -> Vec<(&'static str, String, String)> {
    let kid = kid_of(server, token);
    let start = kid.chars().take(8).collect();
    vec![
        ("token", jti(token), String::new()),
        ("secret", world.billing.secret_id.clone(), String::new()),
        ("application", world.billing.client_id.clone(), String::new()),
        ("resource", BILLING_API.to_owned(), String::new()),
        ("everything", String::new(), "everything".to_owned()),
        ("key", kid, start),
    ]
}

#[test]
fn every_size_is_asked_about_first_and_dead_afterwards() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let first = server.issue(&world.billing);
    for (kind, subject, confirmation) in kinds(&server, &world, &first) {
        server.advance(Seconds(3));
        let token = if kind == "token" { first.clone() } else { server.issue(&world.billing) };
        let chosen = if kind == "everything" {
            browser.get("/revocations/new?kind=everything")
        } else {
            let chosen = choose(&browser, kind, &subject);
            assert_eq!(chosen.status, 303, "{kind}: {}", chosen.text);
            browser.get(chosen.header("location").unwrap())
        };
        assert_eq!(chosen.status, 200, "{kind}");
        assert_ne!(chosen.texts(".count"), ["None"], "{kind}");
        assert_eq!(chosen.texts(".todo li").len(), 4, "who refuses when");
        assert!(is_good(&server, &token), "{kind}: nothing was done yet");

        let done = revoke(&browser, kind, &subject, &confirmation);
        assert_eq!(done.status, 303, "{kind}: {:?}", done.texts(".problem"));
        assert!(!is_good(&server, &token), "{kind}");
        let path = done.header("location").unwrap().to_owned();
        assert!(path.starts_with("/revocations/rev_"), "{path}");
        let page = browser.get(&path);
        assert!(page.texts("h1")[0].ends_with("revoked"), "{:?}", page.texts("h1"));
        assert!(page.text.contains("seen in a public repository"));
        let entry = page.text.split("href=\"/log/").last().unwrap().split('"').next().unwrap();
        let entry = browser.get(&format!("/log/{entry}"));
        assert!(entry.text.contains(&path), "{kind}: the entry leads back");
        assert!(entry.texts(".why > p")[0].starts_with("admin revoked "), "{kind}");
    }
    let list = browser.get("/revocations");
    assert_eq!(list.texts("tbody tr").len(), 6);
    let of_it = browser.get(&format!("/revocations?application={}", world.billing.client_id));
    assert_eq!(of_it.texts("tbody tr").len(), 3, "a token, its secret, itself");
    let of_other = browser.get(&format!("/revocations?application={}", world.mallory.client_id));
    assert!(of_other.texts("tbody tr").is_empty());
    // The key that stood by signs.
    assert!(is_good(&server, &server.issue(&world.billing)));
}

#[test]
fn what_lacks_a_reason_or_the_word_is_refused_with_what_was_typed() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let browser = server.signed_in("admin");
    let client_id = world.billing.client_id.as_str();
    let fields = [("kind", "application"), ("subject", client_id), ("reason", " ")];
    let again = browser.post("/revocations/new", &fields);
    assert_eq!(again.status, 422);
    assert!(again.texts("title")[0].starts_with("Error:"));
    assert!(again.text.contains(r##"href="#f-reason""##));

    let wrong = revoke(&browser, "everything", "", "all");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains(r##"href="#f-confirmation""##));
    assert!(wrong.text.contains("seen in a public repository"), "what was typed stays");
    assert_eq!(revoke(&browser, "key", &kid_of(&server, &token), "").status, 422);
    let nobody = revoke(&browser, "application", "m2m_nobody", "");
    assert_eq!(nobody.status, 404);
    assert_eq!(revoke(&browser, "sheep", "", "").status, 400);
    assert!(is_good(&server, &token));
    assert!(server.events("tokens.revoked").is_empty());
}

/// What is pasted is a secret, whether it is ours, touched or expired.
#[test]
fn a_pasted_token_is_found_and_never_seen_again() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let browser = server.signed_in("admin");
    let signature = token.rsplit('.').next().unwrap();
    let refused = |text: &str| {
        let answer = choose(&browser, "token", text);
        assert_eq!(answer.status, 422, "{text}");
        assert!(!answer.text.contains(signature), "{text}");
        answer.texts(".error").remove(0)
    };
    assert!(refused(&format!("{}x{signature}", &token[..20])).contains("neither a token"));
    assert!(refused(&token.replace("eyJ", "eyK")).contains("No key of this server"));
    assert!(refused("01ARZ3NDEKTSV4RRFFQ69G5FAV").contains("knows no token"));
    assert!(refused("").contains("Choose a token"));
    for kind in ["application", "secret", "resource", "key"] {
        let answer = choose(&browser, kind, &token);
        assert_eq!(answer.status, 422, "{kind}");
        assert!(!answer.text.contains(signature), "{kind}");
    }

    let jti = jti(&token);
    let expected = format!("/revocations/new?kind=token&subject={jti}");
    for text in [token.clone(), format!(" Bearer {token}\r\n"), jti.clone(), format!("req_{jti}")] {
        let chosen = choose(&browser, "token", &text);
        assert_eq!(chosen.header("location"), Some(expected.as_str()));
    }
    let fields = [("kind", "token"), ("subject", jti.as_str()), ("reason", token.as_str())];
    let told = browser.post("/revocations/new", &fields);
    assert_eq!(told.status, 422, "nor in a reason");
    assert!(!told.text.contains(signature));

    let done = revoke(&browser, "token", &jti, "");
    let page = browser.get(done.header("location").unwrap());
    let list = browser.get("/revocations");
    let log = browser.get("/log");
    for answer in [&page, &list, &log] {
        assert!(!answer.text.contains(signature));
    }
    let chain = server.app.config.instance.clone();
    let rows = server.read(|conn| countersign::store::audit_log::after(conn, &chain, 0, 10_000));
    assert!(rows.iter().all(|row| !row.body.contains(signature)));

    let other = server.issue(&world.billing);
    server.advance(Seconds(601));
    assert!(refused(&other).contains("expired"));
    let late = browser.get(&format!("/revocations/new?kind=token&subject={}", self::jti(&other)));
    assert_eq!(late.status, 409);
    assert_eq!(revoke(&browser, "token", &self::jti(&other), "").status, 409);
}

#[test]
fn an_auditor_sees_them_and_makes_none() {
    let server = Server::start();
    let world = server.world();
    let admin = server.signed_in("admin");
    let done = revoke(&admin, "application", &world.billing.client_id, "");
    let path = done.header("location").unwrap();
    let auditor = server.signed_in("auditor");
    assert_eq!(auditor.get("/revocations").status, 200);
    assert_eq!(auditor.get(path).status, 200);
    assert_eq!(auditor.get("/revocations").texts(".acts .btn"), ["CSV"]);
    for path in ["/revocations/new", "/revocations/choice", "/revocations/new?kind=everything"] {
        assert_eq!(auditor.get(path).status, 403, "{path}");
    }
    assert_eq!(choose(&auditor, "application", &world.billing.client_id).status, 403);
    assert_eq!(revoke(&auditor, "everything", "", "everything").status, 403);
    assert_eq!(server.events("tokens.revoked").len(), 1);
    assert_eq!(auditor.get("/revocations/rev_none").status, 404);
}

#[test]
fn the_clock_is_counted_runs_and_is_over() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("owner");
    for _ in 0..3 {
        server.issue(&world.billing);
    }
    server.advance(Seconds(100));
    let preview = browser
        .get(&format!("/revocations/new?kind=application&subject={}", world.billing.client_id));
    assert_eq!(preview.texts(".count"), ["3"]);
    let done = revoke(&browser, "application", &world.billing.client_id, "");
    let path = done.header("location").unwrap();

    let counting = browser.get(path);
    assert_eq!(counting.texts(".clock h2"), ["Being counted"]);
    assert!(counting.text.contains("hx-trigger=\"every 1s\""));
    assert!(counting.text.contains("<noscript><meta http-equiv=\"refresh\""));
    assert!(browser.get("/").texts("[aria-labelledby=s-look] li p")[0].contains("being counted"));

    explore(&server);
    let part = browser.send("GET", path, &[("hx-request", "true")], Vec::new());
    assert!(part.text.trim_start().starts_with("<section class=\"clock"), "{}", part.text);
    assert_eq!(part.texts(".count"), ["3"]);
    assert_eq!(part.texts(".left"), ["for 8 min 20 s"]);
    let until = (NOW + Seconds(600)).seconds();
    assert_eq!(until, 1_700_000_600);
    assert!(part.texts(".ends")[0].ends_with("until 14 Nov 2023, 22:23:20 UTC"));
    assert!(
        browser.get("/").texts("[aria-labelledby=s-look] li p")[0]
            .contains("The tokens of billing revoked.")
    );
    assert!(browser.get("/revocations").texts(".state")[0].contains("8 min 20 s"));

    server.advance(Seconds(500));
    let over = browser.get(path);
    assert!(over.text.contains("No token that this revoked is accepted anywhere any more."));
    assert!(!over.text.contains("data-left"));
    assert_eq!(browser.get("/revocations").texts(".state"), ["Over"]);
    assert!(!browser.get("/").text.contains("May still be accepted"));
}

#[test]
fn pages_of_what_has_tokens_lead_to_their_revocation() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let api = server
        .read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API))
        .unwrap();
    let browser = server.signed_in("admin");
    let application = format!("/applications/{}", world.billing.client_id);
    let pages = [
        (application.clone(), "application", world.billing.client_id.clone()),
        (
            format!("{application}/secrets/{}", world.billing.secret_id),
            "secret",
            world.billing.secret_id.clone(),
        ),
        (format!("/apis/{}", api.id), "resource", api.id.clone()),
        (format!("/log/{}", jti(&token)), "token", jti(&token)),
        ("/keys".to_owned(), "key", kid_of(&server, &token)),
    ];
    for (page, kind, subject) in pages {
        let answer = browser.get(&page);
        let selector = format!("a[href='/revocations/new?kind={kind}&subject={subject}']");
        assert_eq!(answer.texts(&selector).len(), 1, "{page}: {kind}");
        let asked = browser.get(&format!("/revocations/new?kind={kind}&subject={subject}"));
        assert_eq!(asked.texts(".count"), ["1"], "{kind}");
    }
    let part = [("hx-request", "true")];
    let row = browser.send("GET", &format!("/log/{}", jti(&token)), &part, Vec::new());
    assert!(row.text.contains("Revoke this token"));
}

#[test]
fn the_log_says_what_has_become_of_a_token() {
    let server = Server::start();
    let world = server.world();
    let (revoked, own) = (server.issue(&world.billing), server.issue(&world.billing));
    let browser = server.signed_in("admin");
    let fate =
        |token: &str| browser.get(&format!("/log/{}", jti(token))).texts(".fate p").remove(0);
    assert!(fate(&revoked).starts_with("In force until 14 Nov 2023, 22:23:20 UTC"));
    revoke(&browser, "token", &jti(&revoked), "");
    assert!(fate(&revoked).starts_with("Revoked just now: seen in a public"), "{}", fate(&revoked));
    server.post_as(&world.billing, "/oauth/revoke", &[("token", &own)]);
    assert!(fate(&own).contains("revoked by its client"));

    let log = browser.get("/log?kind=token");
    assert!(log.texts("td.out").contains(&"Revoked".to_owned()));
    let ended = server.events("token.revoked").remove(0);
    let page = browser.get(&format!("/log/{}", ended.id));
    assert_eq!(page.texts(".ladder li b"), ["Request", "Client", "Secret", "Token"]);
    assert_eq!(page.texts(".resp"), ["200 and no body"]);
    assert_eq!(page.texts(".fix .btn"), ["See what it hit"]);
    let list = browser.get("/revocations");
    assert_eq!(list.texts(".reason small"), ["The application itself", "admin"]);
    assert_eq!(
        browser.get("/").texts("[aria-labelledby=s-look] li").len(),
        1,
        "not what clients do by themselves"
    );

    let third = server.issue(&world.billing);
    server.advance(Seconds(700));
    assert!(fate(&third).starts_with("Expired"));
    revoke(&browser, "application", &world.billing.client_id, "");
    assert!(fate(&third).starts_with("Expired"), "before it was revoked");
}

#[test]
fn refusals_of_the_other_endpoints_say_what_was_asked() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    server.post_as(&world.reporting, "/oauth/revoke", &[("token", &token)]);
    server.post_as(&world.reporting, "/oauth/introspect", &[]);
    let browser = server.signed_in("auditor");
    let rows = browser.get("/log?outcome=refused").texts(".call");
    for said in ["Introspection, No token given", "Revoking a token, Token of another application"]
    {
        assert!(rows.iter().any(|row| row.contains(said)), "{said}: {rows:?}");
    }
    let denied = server.events("token.revocation_denied").remove(0);
    let page = browser.get(&format!("/log/{}", denied.id));
    assert_eq!(page.texts(".ladder li").len(), 4);
    assert_eq!(page.texts(".ladder li.fail b"), ["Token refused"]);
}

#[test]
fn suspending_and_deleting_say_that_tokens_are_dead_and_lead_to_the_clock() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}", world.billing.client_id);
    let asked = browser.get(&format!("{path}/suspension"));
    assert!(asked.text.contains("The tokens that it holds are revoked"));
    browser.post(&format!("{path}/suspension"), &[]);
    assert!(!is_good(&server, &token));
    let notice = browser.get(&path);
    assert!(notice.texts(".notice a")[0].contains("See what it hit"));
    let href = notice.text.split("<a href=\"/revocations/rev_").nth(1).unwrap();
    let href = format!("/revocations/rev_{}", href.split('"').next().unwrap());
    let page = browser.get(&href);
    assert!(page.text.contains("application suspended"));
    let suspended = server.events("application.suspended").remove(0);
    assert!(page.text.contains(&format!("/log/{}", suspended.id)), "the act is its entry");
    server.advance(Seconds(2));
    revoke(&browser, "application", &world.billing.client_id, "");
    let act = browser.get(&format!("/log/{}", suspended.id));
    assert!(act.text.contains(&href), "whatever came after it");

    let asked = browser.get(&format!("{path}/deletion"));
    assert!(asked.text.contains("Its tokens are revoked."));
    assert_eq!(browser.post(&format!("{path}/deletion"), &[("name", "billing")]).status, 303);
    let links = browser.get("/applications").texts(".notice a");
    assert_eq!(links, ["Restore it", "See what it hit"]);
    let api = server
        .read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API))
        .unwrap();
    let other = server.issue(&world.reporting);
    let deletion = format!("/apis/{}/deletion", api.id);
    assert_eq!(browser.post(&deletion, &[("name", &api.name)]).status, 303);
    assert!(!is_good(&server, &other));
    assert!(browser.get("/apis").texts(".notice a")[0].contains("See what it hit"));
    assert!(browser.get("/revocations").text.contains("application deleted"));
}

#[test]
fn the_list_is_paged_and_none_is_shown_twice() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..53 {
        server.act(|conn, actor| {
            countersign::admin::revocations::revoke(
                conn,
                actor,
                countersign::oauth::revocation::Kind::Application,
                &world.billing.client_id,
                "again",
            )
        });
    }
    let browser = server.signed_in("auditor");
    let path = format!("/revocations?application={}", world.billing.client_id);
    let first = browser.get(&path);
    assert_eq!(first.texts("tbody tr").len(), 50);
    let more = first.text.split("before=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let older = browser.get(&format!("{path}&before={more}"));
    assert_eq!(older.texts("tbody tr").len(), 3);
    let looked_at = browser.get("/").texts("[aria-labelledby=s-look] li");
    assert_eq!(looked_at.len(), 5, "the newest five");
}
