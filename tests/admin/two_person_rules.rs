//! Acts that belong to no API, and take two persons where the server is
//! configured so.
use countersign::admin::actor::Who;
use countersign::admin::{
    Actor, Error, administrators, approvals, links, revocations, signing_keys as keys,
};
use countersign::model::administrator::AdministratorDetails;
use countersign::model::role::Role;
use countersign::model::signing_key::{Purpose, State};
use countersign::model::timetable;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::store::{self, Conn, signing_keys};

use crate::support::Server;

const ALL: (&str, &str) = ("COUNTERSIGN_TWO_PERSONS_FOR", "kill_all,key_retirement,roles");
const TOKENS: (Purpose, Algorithm) = (Purpose::AccessTokens, Algorithm::Es256);

fn details(name: &str, role: &str) -> AdministratorDetails {
    AdministratorDetails::read(&format!("{name}@example.com"), name, role).unwrap()
}

/// An owner, made alone at the machine.
fn owner(server: &Server, name: &str) -> Actor {
    let alone = server.operator().alone("the first days").unwrap();
    let make = |c: &mut Conn| administrators::create(c, &alone, details(name, "owner"), "h");
    let made = server.app.store.write_blocking(make).unwrap();
    let who = Who::Administrator { id: made.id, name: name.into(), role: Role::Owner };
    Actor { who, request_id: Some("req_1".into()), ..server.operator() }
}

fn ask(server: &Server, by: &Actor, error: Error) -> String {
    let Error::SecondPerson(proposal) = error else { panic!("{error:?}") };
    server.app.store.write_blocking(|c| approvals::ask(c, by, *proposal)).unwrap().id
}

fn approve(server: &Server, by: &Actor, id: &str) -> Result<(), Error> {
    let policy = server.app.key_policy();
    let by = Actor { now: server.clock.now(), ..by.clone() };
    server.app.store.write_blocking(|c| approvals::approve(c, &by, id, policy)).map(drop)
}

#[test]
fn revoking_everything_waits_and_is_done_alone_only_at_the_machine_with_a_reason() {
    let server = Server::start_with(&[ALL]);
    let billing = server.world().billing;
    let (ada, grace) = (owner(&server, "ada"), owner(&server, "grace"));
    let revoke = |by: &Actor| {
        server.app.store.write_blocking(|c| {
            revocations::revoke(c, by, Kind::Everything, "", "stolen").map(drop)
        })
    };
    let id = ask(&server, &ada, revoke(&ada).unwrap_err());
    assert!(server.events("tokens.revoked").is_empty());
    // One application's tokens are not everything.
    server
        .app
        .store
        .write_blocking(|c| {
            revocations::revoke(c, &ada, Kind::Application, &billing.client_id, "one")
        })
        .unwrap();
    approve(&server, &grace, &id).unwrap();
    let done = server.events("tokens.revoked").pop().unwrap();
    assert_eq!(done.actor.name.as_deref(), Some("ada"));
    assert_eq!(done.approval.unwrap().by_name.as_deref(), Some("grace"));

    let operator = server.operator();
    assert!(matches!(revoke(&operator), Err(Error::SecondPerson(_))));
    assert!(matches!(operator.clone().alone(" "), Err(Error::Invalid(_))));
    assert!(matches!(ada.clone().alone("I am sure"), Err(Error::Forbidden(_))));
    let before = server.events("approval.waived").len();
    revoke(&operator.alone("the other is on a plane").unwrap()).unwrap();
    assert_eq!(server.events("approval.waived").len(), before + 1);
    let done = server.events("tokens.revoked").pop().unwrap();
    let waived = done.approval.unwrap();
    assert_eq!(waived.waived.as_deref(), Some("the other is on a plane"));
    assert_eq!(waived.by, None);
}

#[test]
fn keys_are_rotated_and_revoked_by_two_and_by_the_timetable() {
    let server = Server::start_with(&[ALL]);
    let (ada, grace) = (owner(&server, "ada"), owner(&server, "grace"));
    let kid = |state| {
        let all = server.read(signing_keys::all);
        timetable::of(&all, TOKENS.0, TOKENS.1, state).unwrap().kid.clone()
    };
    server.advance(Seconds::DAY);
    let (current, next) = (kid(State::Current), kid(State::Next));
    let policy = server.app.key_policy();
    let ada = Actor { now: server.clock.now(), ..ada };
    let rotate =
        |by: &Actor| server.app.store.write_blocking(|c| keys::rotate(c, by, TOKENS, policy));
    let first = ask(&server, &ada, rotate(&ada).unwrap_err());
    approve(&server, &grace, &first).unwrap();
    assert_eq!(kid(State::Current), next);
    server.app.take_up_changes();

    let revoke = |kid: &str| {
        let done = server
            .app
            .store
            .write_blocking(|c| revocations::revoke(c, &ada, Kind::Key, kid, "stolen").map(drop));
        ask(&server, &ada, done.unwrap_err())
    };
    let waiting = revoke(&next);
    server.act(|c, a| {
        let alone = a.clone().alone("stolen, and nobody else is here").unwrap();
        revocations::revoke(c, &alone, Kind::Key, &next, "stolen")
    });
    assert!(matches!(approve(&server, &grace, &waiting), Err(Error::Conflict(_))), "out already");
    let again = revoke(&current);
    approve(&server, &grace, &again).unwrap();

    server.app.take_up_changes();
    let before = server.events("signing_key.activated").len();
    server.advance(Seconds::days(120));
    server.app.reconcile_keys();
    assert!(server.events("signing_key.activated").len() > before, "by itself");

    // A private key lies in no request.
    let key = server.read(signing_keys::all).remove(0);
    let imported = server.try_act(|c, a| keys::import(c, a, &key));
    assert!(matches!(imported, Err(Error::Conflict(why)) if why.contains("--alone")));
}

#[test]
fn admins_and_owners_are_made_by_two() {
    let server = Server::start_with(&[ALL]);
    let (ada, grace) = (owner(&server, "ada"), owner(&server, "grace"));
    let made = server.act(|c, a| administrators::create(c, a, details("eve", "auditor"), "h"));
    let change = |role: &str, version: i64| {
        let details = details("eve", role);
        server
            .app
            .store
            .write_blocking(|c| administrators::update(c, &ada, &made.id, version, &details))
    };
    let role = || server.read(|c| store::administrators::find(c, &made.id)).unwrap().role;
    let first = ask(&server, &ada, change("admin", 1).unwrap_err());
    change("developer", 1).unwrap();
    assert!(matches!(approve(&server, &grace, &first), Err(Error::Conflict(_))), "another version");
    let second = ask(&server, &ada, change("admin", 2).unwrap_err());
    let admin = Actor {
        who: Who::Administrator { id: "adm_x".into(), name: "x".into(), role: Role::Admin },
        ..grace.clone()
    };
    assert!(matches!(approve(&server, &admin, &second), Err(Error::Forbidden(_))));
    approve(&server, &grace, &second).unwrap();
    assert_eq!(role(), Role::Admin);
    assert!(matches!(change("owner", 3), Err(Error::SecondPerson(_))));
    change("auditor", 3).unwrap();

    // What a password or a link gives cannot wait: one asks for less.
    for high in ["admin", "owner"] {
        let created = server
            .try_act(|c, a| administrators::create(c, a, details("mallory", high), "h").map(drop));
        assert!(matches!(created, Err(Error::Conflict(_))));
        let invited = server.app.store.write_blocking(|c| {
            links::invite(c, &ada, details("mallory", high), Seconds::DAY).map(drop)
        });
        assert!(matches!(invited, Err(Error::Conflict(_))));
    }
    server
        .app
        .store
        .write_blocking(|c| {
            links::invite(c, &ada, details("mallory", "developer"), Seconds::DAY).map(drop)
        })
        .unwrap();
}

/// A command with another environment changes nothing of it.
#[test]
fn what_takes_two_persons_is_said_by_the_server_and_its_changes_are_recorded() {
    let database = std::sync::Arc::new(crate::support::database::TestDatabase::new());
    let first = Server::start_on(database.clone(), &[("COUNTERSIGN_TWO_PERSONS_FOR", "kill_all")]);
    let told = first.events("approval.policy_changed").pop().unwrap();
    assert_eq!(told.actor.kind, "system");
    assert_eq!(told.changes[0].after, "kill_all");
    drop(first);
    let second = Server::start_on(database.clone(), &[("COUNTERSIGN_TWO_PERSONS_FOR", "kill_all")]);
    assert_eq!(second.events("approval.policy_changed").len(), 1, "the same is no news");
    drop(second);
    let third = Server::start_on(database, &[("COUNTERSIGN_APPROVAL_DAYS", "3")]);
    let told = third.events("approval.policy_changed").pop().unwrap();
    assert_eq!((told.changes[0].before.as_str(), told.changes[0].after.as_str()), ("kill_all", ""));
    assert_eq!(third.read(store::approvals::policy).lifetime, Seconds::days(3));
    let policy = third.read(store::approvals::policy);
    let changed = third.try_act(|c, a| approvals::establish(c, a, &policy));
    assert!(matches!(changed, Err(Error::Forbidden(_))), "nobody else says so");
}
