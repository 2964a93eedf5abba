//! Applications that teams own.
use countersign::admin::actor::Who;
use countersign::admin::application_owners::{self, Owners};
use countersign::admin::{Actor, Error, secrets, teams};
use countersign::model::role::Role;
use countersign::model::secret::NewSecret;
use countersign::store;

use crate::support::Server;

#[test]
fn a_developer_cares_for_what_their_team_owns_for_as_long_as_they_are_in_it() {
    let server = Server::start();
    let billing = server.world().billing;
    let id = server.administrator("developer");
    let who = Who::Administrator { id: id.clone(), name: "d".into(), role: Role::Developer };
    let developer = Actor { who, ..server.operator() };
    let add = || {
        server.app.store.write_blocking(|c| {
            let new = NewSecret { name: "n".into(), lifetime: None };
            secrets::add(c, &developer, &billing.client_id, &new).map(drop)
        })
    };
    assert!(matches!(add(), Err(Error::Forbidden(_))));

    let team = server.act(|c, a| teams::create(c, a, "Payments", &[id.clone(), id.clone()]));
    assert!(matches!(add(), Err(Error::Forbidden(_))), "it owns nothing yet");
    let owners = Owners { people: vec![], teams: vec![team.id.clone()] };
    server.act(|c, a| application_owners::replace(c, a, &billing.client_id, owners.clone()));
    add().unwrap();
    let owned = server.read(|c| store::application_owners::of_administrator(c, &id));
    assert_eq!(owned, std::slice::from_ref(&billing.client_id));
    let changed = server.events("application.owners_changed").pop().unwrap();
    assert_eq!(
        (&*changed.changes[0].field, changed.changes[0].after.as_str()),
        ("teams", "Payments")
    );

    server.act(|c, a| teams::update(c, a, &team.id, 1, ("Payments", &[])));
    assert!(matches!(add(), Err(Error::Forbidden(_))), "at once");
    server.act(|c, a| teams::update(c, a, &team.id, 2, ("Payments", std::slice::from_ref(&id))));
    add().unwrap();
    server.act(|c, a| teams::delete(c, a, &team.id));
    assert!(matches!(add(), Err(Error::Forbidden(_))));
    for (code, times) in [("team.created", 1), ("team.updated", 2), ("team.deleted", 1)] {
        assert_eq!(server.events(code).len(), times, "{code}");
    }
}

#[test]
fn a_team_has_a_name_of_its_own_and_people_who_are_there() {
    let server = Server::start();
    server.act(|c, a| teams::create(c, a, "Payments", &[]).map(drop));
    let field = |outcome: Result<(), Error>| match outcome {
        Err(Error::Invalid(errors)) => errors[0].field,
        other => panic!("{other:?}"),
    };
    let create = |name: &str, people: &[String]| {
        server.try_act(|c, a| teams::create(c, a, name, people).map(drop))
    };
    assert_eq!(field(create("payments", &[])), "name");
    assert_eq!(field(create(" ", &[])), "name");
    assert_eq!(field(create("Other", &["adm_none".into()])), "member");
    let team = server.read(store::teams::all).remove(0);
    let stale = server.try_act(|c, a| teams::update(c, a, &team.id, 7, ("P", &[])));
    assert!(matches!(stale, Err(Error::Conflict(_))));
    let world = server.world();
    let owners = Owners { people: vec![], teams: vec!["team_none".into()] };
    let gone =
        server.try_act(|c, a| application_owners::replace(c, a, &world.billing.client_id, owners));
    assert_eq!(field(gone), "team");
}
