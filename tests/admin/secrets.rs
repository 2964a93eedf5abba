//! Rotating a secret: two work side by side, and the old one ends.
use countersign::admin::{self, secrets};
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::Client;

fn new(name: &str) -> NewSecret {
    NewSecret { name: name.into(), lifetime: None }
}

fn rotate(server: &Server, old: &Client, overlap: Seconds) -> Client {
    let (secret, value) = server.act(|conn, actor| {
        secrets::rotate(conn, actor, (&old.client_id, &old.secret_id), &new("next"), overlap)
    });
    Client { secret_id: secret.id, secret: value.to_string(), ..old.clone() }
}

#[test]
fn both_secrets_work_until_the_overlap_is_over_and_then_the_new_one() {
    let server = Server::start();
    let old = server.world().billing;
    let next = rotate(&server, &old, Seconds::HOUR);

    assert_eq!(server.token(&old, &[]).status, 200);
    assert_eq!(server.token(&next, &[]).status, 200);
    server.advance(Seconds::HOUR);
    assert_eq!(server.token(&old, &[]).status, 401);
    assert_eq!(server.token(&next, &[]).status, 200);

    let [changed] = &server.events("secret.expiry_changed")[..] else { panic!() };
    assert_eq!(changed.target.as_ref().unwrap().id, old.secret_id);
    assert_eq!(changed.changes[0].before, "none");
}

#[test]
fn without_an_overlap_the_old_one_is_revoked_at_once() {
    let server = Server::start();
    let old = server.world().billing;
    let next = rotate(&server, &old, Seconds(0));
    assert_eq!(server.token(&old, &[]).status, 401);
    assert_eq!(server.token(&next, &[]).status, 200);
    assert_eq!(server.events("secret.revoked").len(), 1);
}

/// A rotation never lets a secret work longer than it would have.
#[test]
fn an_overlap_does_not_move_an_earlier_end() {
    let server = Server::start();
    let old = server.world().billing;
    let which = (old.client_id.as_str(), old.secret_id.as_str());
    server.act(|conn, actor| secrets::set_expiry(conn, actor, which, Some(Seconds::HOUR)));
    rotate(&server, &old, Seconds::DAY);
    server.advance(Seconds::HOUR);
    assert_eq!(server.token(&old, &[]).status, 401);
}

#[test]
fn an_end_is_moved_while_a_secret_works_and_never_after() {
    let server = Server::start();
    let old = server.world().billing;
    let which = (old.client_id.as_str(), old.secret_id.as_str());
    let set = |lifetime| {
        let done = server.try_act(|conn, actor| secrets::set_expiry(conn, actor, which, lifetime));
        server.app.take_up_changes();
        done
    };
    set(Some(Seconds::HOUR)).unwrap();
    set(Some(Seconds::DAY)).unwrap();
    server.advance(Seconds::HOUR);
    assert_eq!(server.token(&old, &[]).status, 200);
    server.advance(Seconds::DAY);
    assert_eq!(server.token(&old, &[]).status, 401);

    assert!(matches!(set(None), Err(admin::Error::Conflict(_))));
    let again = server
        .try_act(|conn, actor| secrets::rotate(conn, actor, which, &new("next"), Seconds::HOUR));
    assert!(matches!(again, Err(admin::Error::Conflict(_))));
    let other = ("m2m_AAAAAAAAAAAAAAAAAAAAAA", old.secret_id.as_str());
    let foreign = server.try_act(|conn, actor| secrets::set_expiry(conn, actor, other, None));
    assert!(matches!(foreign, Err(admin::Error::NotFound)));
}
