//! The page that examines an API.
use crate::support::Server;
use crate::support::world::{BILLING_API, World};
use crate::verify::exam::api;

/// A server that is being tried out: it may call the machine it runs on.
fn server() -> (Server, World, String) {
    let server = Server::start_with(&[("COUNTERSIGN_ISSUER", "http://localhost:8080")]);
    let world = server.world();
    let find = |conn: &mut _| countersign::store::resources::find_by_identifier(conn, BILLING_API);
    let path = format!("/apis/{}/exam", server.read(find).unwrap().id);
    (server, world, path)
}

#[test]
fn a_careful_api_does_well_and_a_careless_one_is_told_its_holes() {
    let (server, world, path) = server();
    let app = server.app.clone();
    let careful = api(move |token| {
        app.take_up_changes();
        let now = app.clock.now().seconds();
        token.and_then(|token| app.keys.verify(token)).is_some_and(|token| {
            let claims = &token.claims;
            claims.exp > now
                && claims.iss == app.config.issuer.url
                && claims.aud.resources() == [BILLING_API]
                && !claims.scope.is_empty()
                && app.revocations.covers(&token).unwrap().is_none()
        })
    });
    let browser = server.signed_in("admin");
    let hold = |url: &str| {
        let client_id = world.billing.client_id.as_str();
        let fields =
            [("url", url), ("method", "get"), ("client_id", client_id), ("follows", "yes")];
        browser.post(&path, &fields)
    };
    let page = hold(&format!("http://{}/", careful.address));
    assert_eq!(page.status, 200, "{}", page.text);
    let verdicts = page.texts("tbody td:last-child");
    assert_eq!(verdicts.len(), 14);
    assert!(!verdicts.iter().any(|verdict| verdict.starts_with("failed")), "{verdicts:?}");
    assert_eq!(server.events("exam.held").len(), 1);
    assert_eq!(server.events("exam.held")[0].actor.name.as_deref(), Some("admin"));

    let app = server.app.clone();
    let careless = api(move |token| {
        app.take_up_changes();
        let token = token.unwrap_or_default();
        let revoked =
            app.keys.verify(token).is_some_and(|t| app.revocations.covers(&t).unwrap().is_some());
        token.split('.').count() == 3 && !revoked
    });
    let page = hold(&format!("http://{}/", careless.address));
    let verdicts = page.texts("tbody td:last-child");
    assert!(verdicts.iter().any(|verdict| verdict.contains("It does not verify signatures.")));
    let summary = page.texts(".note p");
    assert!(summary[0].ends_with("checks failed."), "{summary:?}");
}

#[test]
fn what_cannot_be_called_or_gets_no_token_is_said_at_its_field() {
    let (server, world, path) = server();
    let browser = server.signed_in("admin");
    let refused = |url: &str, client_id: &str, scope: &str| {
        let fields = [("url", url), ("method", "GET"), ("client_id", client_id), ("scope", scope)];
        let page = browser.post(&path, &fields);
        assert_eq!(page.status, 422, "{}", page.text);
        page.texts(".problem a").join(" ")
    };
    let (id, url) = (world.billing.client_id.as_str(), "http://127.0.0.1:9/");
    assert!(refused("ftp://x/", id, "").contains("http"));
    assert!(refused("http://a:b@x/", id, "").contains("password"));
    assert!(refused(url, "m2m_nobody", "").contains("No application"));
    assert!(refused(url, &world.mallory.client_id, "").contains("It gets no token"));
    assert!(!refused(url, id, "two  spaces").is_empty());
    assert!(server.events("exam.held").is_empty(), "nothing was issued");
}

/// Where it is not tried out, the console does not reach what listens beside
/// the server.
#[test]
fn a_server_for_others_does_not_call_itself() {
    let server = Server::start();
    let world = server.world();
    let find = |conn: &mut _| countersign::store::resources::find_by_identifier(conn, BILLING_API);
    let path = format!("/apis/{}/exam", server.read(find).unwrap().id);
    let open = api(|_| true);
    let browser = server.signed_in("admin");
    let url = format!("http://localhost:{}/", open.address.port());
    let client_id = world.billing.client_id.as_str();
    let page =
        browser.post(&path, &[("url", url.as_str()), ("method", "GET"), ("client_id", client_id)]);
    let answered = page.texts("tbody td:nth-of-type(2)");
    assert!(
        !answered.is_empty() && answered.iter().all(|status| status == "nothing"),
        "{answered:?}"
    );
}

#[test]
fn an_auditor_examines_nothing() {
    let (server, world, path) = server();
    let auditor = server.signed_in("auditor");
    assert_eq!(auditor.get(&path).status, 403);
    let fields = [("url", "http://127.0.0.1:9/"), ("client_id", &world.billing.client_id)];
    assert_eq!(auditor.post(&path, &fields).status, 403);
    assert!(server.events("exam.held").is_empty());
}
