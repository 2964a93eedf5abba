//! Who may do what: every act with every role.
use countersign::admin::actor::Who;
use countersign::admin::introspectors::{self, Of};
use countersign::admin::secrets::Tokens;
use countersign::admin::{
    Actor, Error, administrators, application_owners, applications, deletions, factors, grants,
    guard, links, resources, revocations, routes, secrets, sessions, signing_keys,
};
use countersign::model::administrator::AdministratorDetails;
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails, Scope, Verification};
use countersign::model::role::{Reach, Right, Role};
use countersign::model::route::Route;
use countersign::model::secret::NewSecret;
use countersign::model::session::Limits;
use countersign::model::signing_key::Purpose;
use countersign::model::timetable::Policy;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::store::{Conn, audit_log};

use crate::support::Server;
use crate::support::world::BILLING_API;

type Act = Box<dyn Fn(&mut Conn, &Actor) -> Result<(), Error>>;

/// Every act there is, on things that do not exist: who may not do it is
/// refused before anything is looked for.
#[expect(clippy::too_many_lines, reason = "one line an act")]
fn acts() -> Vec<(&'static str, Right, Act)> {
    use Right::{
        ManageAdministrators as People, ManageApplication as Own, ManageRegistry as Registry,
    };
    let details = || AdministratorDetails::read("new@example.com", "New", "admin").unwrap();
    let application = || applications::NewApplication {
        details: ApplicationDetails { name: "n".into(), ..Default::default() },
        grants: vec![],
        secret: None,
    };
    let scope = Scope { name: "s".into(), description: String::new() };
    let (a, b) = (scope.clone(), scope);
    vec![
        (
            "resource.create",
            Registry,
            Box::new(|c, a| {
                resources::create(
                    c,
                    a,
                    NewResource { identifier: "urn:x".into(), ..Default::default() },
                )
                .map(drop)
            }),
        ),
        (
            "resource.update",
            Registry,
            Box::new(|c, a| resources::update(c, a, "x", 1, &ResourceDetails::default())),
        ),
        ("resource.delete", Registry, Box::new(|c, a| resources::delete(c, a, "x"))),
        ("scope.add", Registry, Box::new(move |c, actor| resources::add_scope(c, actor, "x", &a))),
        (
            "scope.remove",
            Registry,
            Box::new(move |c, actor| resources::remove_scope(c, actor, "x", &b.name)),
        ),
        (
            "application.create",
            Registry,
            Box::new(move |c, a| applications::create(c, a, application()).map(drop)),
        ),
        (
            "application.update",
            Own,
            Box::new(|c, a| applications::update(c, a, "x", 1, &ApplicationDetails::default())),
        ),
        ("application.suspend", Own, Box::new(|c, a| applications::suspend(c, a, "x"))),
        ("application.resume", Registry, Box::new(|c, a| applications::resume(c, a, "x"))),
        (
            "application.delete",
            Registry,
            Box::new(|c, a| applications::delete(c, a, "x").map(drop)),
        ),
        ("application.restore", Registry, Box::new(|c, a| deletions::restore(c, a, "x").map(drop))),
        (
            "secret.add",
            Own,
            Box::new(|c, a| secrets::add(c, a, "x", &NewSecret::default()).map(drop)),
        ),
        ("secret.revoke", Own, Box::new(|c, a| secrets::revoke(c, a, "x", "y", Tokens::Keep))),
        (
            "resource.set_verification",
            Registry,
            Box::new(|c, a| resources::set_verification(c, a, "x", 1, Verification::default())),
        ),
        (
            "route.add",
            Registry,
            Box::new(|c, a| routes::add(c, a, "x", &Route::read("GET", "/", "").unwrap())),
        ),
        ("route.remove", Registry, Box::new(|c, a| routes::remove(c, a, "x", ("GET", "/")))),
        ("introspector.add", Registry, Box::new(|c, a| introspectors::add(c, a, &Of::Any, "x"))),
        (
            "introspector.remove",
            Registry,
            Box::new(|c, a| introspectors::remove(c, a, &Of::Any, "x")),
        ),
        (
            "signing_key.rotate",
            Registry,
            Box::new(|c, a| {
                let pair = (Purpose::AccessTokens, Algorithm::Es256);
                signing_keys::rotate(c, a, pair, Policy { lead: Seconds(0), period: None })
            }),
        ),
        (
            "signing_keys.reseal",
            Registry,
            Box::new(|c, a| signing_keys::reseal(c, a, |_| Err("x".into())).map(drop)),
        ),
        (
            "second_factors.reseal",
            Registry,
            Box::new(|c, a| factors::reseal(c, a, |_, _| Err("x".into()))),
        ),
        ("second_factor.remove", People, Box::new(|c, a| factors::remove(c, a, "x"))),
        (
            "tokens.revoke",
            Registry,
            Box::new(|c, a| revocations::revoke(c, a, Kind::Application, "x", "why").map(drop)),
        ),
        ("grant.set", Registry, Box::new(|c, a| grants::set(c, a, "x", BILLING_API, &Access::All))),
        ("grant.remove", Registry, Box::new(|c, a| grants::remove(c, a, "x", BILLING_API))),
        (
            "administrator.create",
            People,
            Box::new(move |c, a| administrators::create(c, a, details(), "h").map(drop)),
        ),
        (
            "administrator.update",
            People,
            Box::new(move |c, a| {
                administrators::update(
                    c,
                    a,
                    "x",
                    1,
                    &AdministratorDetails::read("n@e", "N", "owner").unwrap(),
                )
            }),
        ),
        (
            "application.set_owners",
            Registry,
            Box::new(|c, a| application_owners::set(c, a, "x", &[])),
        ),
        (
            "sign_in.block",
            People,
            Box::new(|c, a| guard::block(c, a, "192.0.2.1", guard::LENGTHS[0], "").map(drop)),
        ),
        ("sign_in.unblock", People, Box::new(|c, a| guard::unblock(c, a, "192.0.2.1/32"))),
        (
            "session.revoke",
            People,
            Box::new(|c, a| {
                let limits = Limits { idle: Seconds(1), longest: Seconds(1) };
                sessions::revoke(c, a, "x", sessions::Which::All, limits).map(drop)
            }),
        ),
        (
            "invitation.create",
            People,
            Box::new(|c, a| {
                let details = AdministratorDetails::read("i@e", "I", "owner").unwrap();
                links::invite(c, a, details, Seconds::DAY).map(drop)
            }),
        ),
        (
            "invitation.revoke",
            People,
            Box::new(|c, a| links::revoke_invitation(c, a, "x").map(drop)),
        ),
        ("password.reset", People, Box::new(|c, a| links::start_reset(c, a, "x").map(drop))),
        ("administrator.suspend", People, Box::new(|c, a| administrators::suspend(c, a, "x"))),
        ("administrator.resume", People, Box::new(|c, a| administrators::resume(c, a, "x"))),
        (
            "administrator.set_password",
            People,
            Box::new(|c, a| administrators::set_password(c, a, "x", "h")),
        ),
    ]
}

#[test]
fn each_act_is_refused_to_each_role_that_lacks_its_right() {
    let server = Server::start();
    for role in Role::ALL {
        for (name, right, act) in acts() {
            let who = Who::Administrator { id: "adm_1".into(), name: "A".into(), role };
            let actor = Actor { who, ..server.operator() };
            let before = server.read(audit_log::count);

            // Undone in any case, so that no act is in the way of the next.
            let outcome = server.app.store.write_blocking(|conn| {
                let done = act(conn, &actor);
                let forbidden = matches!(done, Err(Error::Forbidden(_)));
                Err::<(), _>(Error::Conflict(forbidden.to_string()))
            });

            let forbidden = matches!(outcome, Err(Error::Conflict(text)) if text == "true");
            assert_eq!(forbidden, !role.may(right), "{role} {name}");
            assert_eq!(server.read(audit_log::count), before);
        }
    }
}

#[test]
fn nobody_may_do_anything_without_having_signed_in() {
    let server = Server::start();
    for (name, _, act) in acts() {
        let actor = Actor { who: Who::Anonymous, ..server.operator() };
        let done = server.app.store.write_blocking(|conn| act(conn, &actor));
        assert!(matches!(done, Err(Error::Forbidden(_))), "{name}");
    }
}

/// What a role may with what it owns it may not with the rest.
#[test]
fn a_developer_is_refused_every_act_on_what_they_do_not_own() {
    let server = Server::start();
    let who = Who::Administrator { id: "adm_1".into(), name: "A".into(), role: Role::Developer };
    let actor = Actor { who, ..server.operator() };
    for (name, _, act) in acts() {
        let done = server.app.store.write_blocking(|conn| act(conn, &actor));
        assert!(matches!(done, Err(Error::Forbidden(_))), "{name}");
    }
}

/// The matrix itself, so that a change of it is a change of this line.
#[test]
fn an_auditor_reads_an_admin_manages_the_registry_an_owner_people_too() {
    let may = |role: Role| Right::ALL.map(|right| role.reach(right));
    let (all, own, no) = (Reach::Everything, Reach::Owned, Reach::Nothing);
    assert_eq!(may(Role::Developer), [all, own, no, own, no, no, no]);
    assert_eq!(may(Role::Auditor), [all, all, all, no, no, no, no]);
    assert_eq!(may(Role::Admin), [all, all, all, all, all, no, no]);
    assert_eq!(may(Role::Owner), [all; 7]);
}
