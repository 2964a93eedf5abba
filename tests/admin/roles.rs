//! Who may do what: every act with every role.
use countersign::admin::actor::Who;
use countersign::admin::introspectors::{self, Of};
use countersign::admin::secrets::Tokens;
use countersign::admin::{
    Actor, Error, administrators, applications, grants, resources, revocations, routes, secrets,
    signing_keys,
};
use countersign::model::administrator::AdministratorDetails;
use countersign::model::application::ApplicationDetails;
use countersign::model::grant::Access;
use countersign::model::resource::{NewResource, ResourceDetails, Scope, Verification};
use countersign::model::role::{Right, Role};
use countersign::model::route::Route;
use countersign::model::secret::NewSecret;
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
    use Right::{ManageAdministrators as People, ManageRegistry as Registry};
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
            Registry,
            Box::new(|c, a| applications::update(c, a, "x", 1, &ApplicationDetails::default())),
        ),
        ("application.suspend", Registry, Box::new(|c, a| applications::suspend(c, a, "x"))),
        ("application.resume", Registry, Box::new(|c, a| applications::resume(c, a, "x"))),
        ("application.delete", Registry, Box::new(|c, a| applications::delete(c, a, "x"))),
        (
            "secret.add",
            Registry,
            Box::new(|c, a| secrets::add(c, a, "x", &NewSecret::default()).map(drop)),
        ),
        ("secret.revoke", Registry, Box::new(|c, a| secrets::revoke(c, a, "x", "y", Tokens::Keep))),
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

/// The matrix itself, so that a change of it is a change of this line.
#[test]
fn an_auditor_reads_an_admin_manages_the_registry_an_owner_people_too() {
    let rights = [Right::Read, Right::ManageRegistry, Right::ManageAdministrators];
    let may = |role: Role| rights.map(|right| role.may(right));
    assert_eq!(may(Role::Auditor), [true, false, false]);
    assert_eq!(may(Role::Admin), [true, true, false]);
    assert_eq!(may(Role::Owner), [true, true, true]);
}
