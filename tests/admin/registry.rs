//! Acts on APIs, applications, grants and secrets: done and recorded, or
//! neither.
use countersign::admin::secrets::Tokens;
use countersign::admin::{Error, applications, grants, resources, secrets};
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails};
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;
use countersign::store::{self, audit_log};

use crate::support::Server;
use crate::support::world::BILLING_API;

#[test]
fn an_act_is_recorded_with_who_did_it_and_what_changed() {
    let server = Server::start();
    let billing = server.world().billing;
    let read = Access::Scopes(vec!["invoices:read".into()]);

    server.act(|conn, actor| grants::set(conn, actor, &billing.client_id, BILLING_API, &read));

    let event = server.events("grant.set").pop().unwrap();
    assert_eq!(event.actor.name.as_deref(), Some("root"));
    assert_eq!(event.client_id.as_deref(), Some(billing.client_id.as_str()));
    let scopes = event.changes.iter().find(|change| change.field == "scopes").unwrap();
    assert_eq!(scopes.before, "invoices:read invoices:write");
    assert_eq!(scopes.after, "invoices:read");
}

#[test]
fn what_cannot_be_done_is_not_half_done() {
    let server = Server::start();
    server.world();
    let (rows, names) = (server.read(audit_log::count), || {
        let all = store::applications::Filter::default();
        server.read(|conn| store::applications::page(conn, &all, None, 50)).rows.len()
    });
    let before = names();
    let new = applications::NewApplication {
        details: ApplicationDetails { name: "late".into(), ..Default::default() },
        grants: vec![(BILLING_API.into(), Access::Scopes(vec!["no:such".into()]))],
        secret: Some(NewSecret { name: "a".into(), lifetime: None }),
    };
    let refused = server.try_act(|conn, actor| applications::create(conn, actor, new).map(drop));
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert_eq!((names(), server.read(audit_log::count)), (before, rows));
}

#[test]
fn an_identifier_belongs_to_one_api_for_ever() {
    let server = Server::start();
    let id = server.resource(BILLING_API, &["a"]);
    let again = NewResource { identifier: BILLING_API.into(), ..Default::default() };
    let taken = server.try_act(|conn, actor| resources::create(conn, actor, again).map(drop));
    assert!(matches!(taken, Err(Error::Invalid(errors)) if errors[0].field == "identifier"));

    let details = ResourceDetails::read("Renamed", "", "60").unwrap();
    server.act(|conn, actor| resources::update(conn, actor, &id, 1, &details));
    let resource = server.read(|conn| store::resources::find(conn, &id)).unwrap();
    assert_eq!((resource.identifier.as_str(), resource.version), (BILLING_API, 2));
    assert_eq!(resource.token_lifetime, Seconds(60));
}

/// Two people edit from the same page; the second is told.
#[test]
fn an_edit_of_what_somebody_changed_meanwhile_is_a_conflict() {
    let server = Server::start();
    let id = server.application("a", &[]).client_id;
    let details = |name: &str| ApplicationDetails { name: name.into(), ..Default::default() };
    server.act(|conn, actor| applications::update(conn, actor, &id, 1, &details("b")));
    let second =
        server.try_act(|conn, actor| applications::update(conn, actor, &id, 1, &details("c")));
    assert!(matches!(second, Err(Error::Conflict(_))));
    let suspended = server.try_act(|conn, actor| {
        applications::suspend(conn, actor, &id)?;
        applications::suspend(conn, actor, &id)
    });
    assert!(matches!(suspended, Err(Error::Conflict(_))));
}

#[test]
fn removing_a_scope_takes_it_from_every_grant() {
    let server = Server::start();
    let id = server.resource(BILLING_API, &["a", "b"]);
    let client = server.application("c", &[(BILLING_API, "a b")]);
    server.act(|conn, actor| resources::remove_scope(conn, actor, &id, "b"));
    assert_eq!(server.token(&client, &[]).json()["scope"], "a");
    server.act(|conn, actor| resources::delete(conn, actor, &id));
    assert_eq!(server.token(&client, &[]).error(), "invalid_target");
}

/// A secret is its own application's: another cannot name it.
#[test]
fn a_secret_is_revoked_only_through_its_own_application() {
    let server = Server::start();
    let (one, other) = (server.application("one", &[]), server.application("other", &[]));
    let crossed = server.try_act(|conn, actor| {
        secrets::revoke(conn, actor, &other.client_id, &one.secret_id, Tokens::Keep)
    });
    assert!(matches!(crossed, Err(Error::NotFound)));
    server.act(|conn, actor| {
        secrets::revoke(conn, actor, &one.client_id, &one.secret_id, Tokens::Keep)
    });
    let again = server.try_act(|conn, actor| {
        secrets::revoke(conn, actor, &one.client_id, &one.secret_id, Tokens::Keep)
    });
    assert!(matches!(again, Err(Error::Conflict(_))));
}

#[test]
fn a_secret_is_in_no_table_and_no_row() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    let chain = server.app.config.instance.clone();
    let rows = server.read(|conn| audit_log::after(conn, &chain, 0, 1_000));
    assert!(rows.iter().all(|row| !row.body.contains(&billing.secret)));
    let listed = server.read(|conn| store::secrets::all(conn, &billing.client_id));
    assert!(!format!("{listed:?}").contains(&billing.secret));
}

#[test]
fn the_last_use_of_a_secret_is_noted_once_a_minute() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    actix_web::rt::System::new().block_on(server.app.recorder.stop());
    let secret = server.read(|conn| store::secrets::find(conn, &billing.secret_id)).unwrap();
    assert_eq!(secret.last_used_at, Some(server.clock.now()));
}
