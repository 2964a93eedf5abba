//! What machines see of a deletion, and of its undoing.
use std::sync::Arc;

use countersign::admin::{applications, deletions};
use countersign::model::usage::hour;
use countersign::oauth::time::Seconds;
use countersign::store::usage;

use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, Client};
use crate::support::{NOW, Server};

fn delete(server: &Server, client: &Client) {
    server.act(|conn, actor| applications::delete(conn, actor, &client.client_id));
}

fn restore(server: &Server, client: &Client) {
    server.act(|conn, actor| deletions::restore(conn, actor, &client.client_id));
}

fn is_good(server: &Server, token: &str) -> bool {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    server.request("GET", "/whoami", &headers, Vec::new()).status == 200
}

fn is_active(server: &Server, caller: &Client, token: &str) -> bool {
    let answer = server.post_as(caller, "/oauth/introspect", &[("token", token)]);
    answer.json()["active"].as_bool().unwrap()
}

#[test]
fn what_can_be_restored_is_dead_as_if_it_could_not() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.reporting, BILLING_API);
    let token = server.issue(&world.billing);
    assert!(is_good(&server, &token) && is_active(&server, &world.reporting, &token));
    delete(&server, &world.billing);

    assert!(!is_good(&server, &token) && !is_active(&server, &world.reporting, &token));
    let refused = server.token(&world.billing, &[]);
    assert_eq!((refused.status, refused.error()), (401, "invalid_client".into()));
    assert_eq!(
        server.post_as(&world.billing, "/oauth/introspect", &[("token", &token)]).status,
        401
    );
    let wrong = Client { secret: world.mallory.secret.clone(), ..world.billing.clone() };
    assert_eq!(server.token(&wrong, &[]).status, 401);
    let denied = server.events("token.denied");
    let reasons: Vec<_> = denied.iter().map(|event| event.reason.as_deref().unwrap()).collect();
    assert_eq!(reasons, ["client_deleted", "unknown_client"]);
    server.settle();
    let ghosts = server.read(|conn| usage::ghosts(conn, hour(NOW), 10));
    assert_eq!(ghosts[0].secret_id, world.billing.secret_id);
    assert_eq!(ghosts[0].reason, "client_deleted");
}

#[test]
fn after_a_restoration_secrets_work_again_and_old_tokens_do_not() {
    let server = Server::start();
    let world = server.world();
    let old = server.issue(&world.billing);
    delete(&server, &world.billing);
    server.token(&world.billing, &[]);
    server.advance(Seconds(60));
    restore(&server, &world.billing);
    let new = server.issue(&world.billing);
    assert!(is_good(&server, &new));
    assert!(!is_good(&server, &old), "a revocation is for good");
    server.advance(Seconds(60));
    assert!(!is_good(&server, &old));

    // A secret that is retired now is told from one that went with it.
    server.settle();
    let browser = server.signed_in("admin");
    let overview = browser.get("/").texts(".todo li p").concat();
    assert!(!overview.contains("went with its application"), "{overview}");
}

#[test]
fn another_process_hears_of_both() {
    let database = Arc::new(TestDatabase::new());
    let here = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "here")]);
    let there = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "there")]);
    let client = here.world().billing;
    there.app.take_up_changes();
    let token = there.issue(&client);
    delete(&here, &client);
    there.app.take_up_changes();
    assert!(!is_good(&there, &token));
    assert_eq!(there.token(&client, &[]).status, 401, "and it is remembered that there is none");
    restore(&here, &client);
    there.app.take_up_changes();
    there.advance(Seconds(60));
    assert_eq!(there.token(&client, &[]).status, 200);
    assert!(!is_good(&there, &token));
}
