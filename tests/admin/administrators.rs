//! Acts on the people who may sign in.
use countersign::admin::{Error, administrators, setup};
use countersign::model::administrator::AdministratorDetails;

use crate::support::Server;

fn person(email: &str, role: &str) -> AdministratorDetails {
    AdministratorDetails::read(email, "Somebody", role).unwrap()
}

#[test]
fn there_is_always_an_owner_who_can_sign_in() {
    let server = Server::start();
    let create = |email: &'static str, role: &'static str| {
        server.act(|conn, actor| administrators::create(conn, actor, person(email, role), "h")).id
    };
    let (owner, admin) = (create("o@example.com", "owner"), create("a@example.com", "admin"));
    let last = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Conflict(_)));

    assert!(last(server.try_act(|c, a| administrators::suspend(c, a, &owner))));
    let demoted = person("o@example.com", "auditor");
    assert!(last(server.try_act(|c, a| administrators::update(c, a, &owner, 1, &demoted))));

    let promoted = person("a@example.com", "owner");
    server.act(|c, a| administrators::update(c, a, &admin, 1, &promoted));
    server.act(|c, a| administrators::suspend(c, a, &owner));
    assert!(last(server.try_act(|c, a| administrators::suspend(c, a, &admin))));
}

#[test]
fn two_spellings_of_an_address_are_one_account() {
    let server = Server::start();
    let owner = person("Ada@Example.com", "owner");
    server.act(|c, a| administrators::create(c, a, owner, "h").map(drop));
    let again = person("ada@example.COM", "admin");
    let taken = server.try_act(|c, a| administrators::create(c, a, again, "h").map(drop));
    assert!(matches!(taken, Err(Error::Invalid(errors)) if errors[0].field == "email"));
}

/// Many press the same link at once; one becomes the owner.
#[test]
fn a_set_up_link_makes_one_owner_and_is_then_spent() {
    let server = Server::start();
    let link = server.act(setup::offer).unwrap();
    let tries: Vec<bool> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|i| {
                let (server, link) = (&server, &link);
                scope.spawn(move || {
                    let details = person(&format!("p{i}@example.com"), "owner");
                    server.try_act(|c, a| setup::complete(c, a, link, details, "h")).is_ok()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(tries.into_iter().filter(|made| *made).count(), 1);
    assert!(server.act(setup::offer).is_none(), "no new link once somebody can sign in");
    assert!(!server.act(|c, a| setup::is_good(c, a, &link)));
}

#[test]
fn a_set_up_link_is_good_for_a_day() {
    let server = Server::start();
    let link = server.act(setup::offer).unwrap();
    assert!(server.act(|c, a| setup::is_good(c, a, &link)));
    assert!(!server.act(|c, a| setup::is_good(c, a, "another")));
    server.advance(setup::LINK_LIFETIME);
    assert!(!server.act(|c, a| setup::is_good(c, a, &link)));
}

/// Two owners who make each other none, at once: one of them stays.
#[test]
fn of_two_owners_who_go_at_once_one_stays() {
    let server = Server::start();
    let create = |email: &'static str| {
        server
            .act(|conn, actor| administrators::create(conn, actor, person(email, "owner"), "h"))
            .id
    };
    let (one, two) = (create("one@example.com"), create("two@example.com"));
    for round in 0..6 {
        let demoted = person("two@example.com", "auditor");
        let version = |id: &str| {
            server.read(|c| countersign::store::administrators::find(c, id)).unwrap().version
        };
        let now = version(&two);
        let gone: Vec<bool> = std::thread::scope(|scope| {
            let suspending =
                scope.spawn(|| server.try_act(|c, a| administrators::suspend(c, a, &one)).is_ok());
            let demoting = scope.spawn(|| {
                server.try_act(|c, a| administrators::update(c, a, &two, now, &demoted)).is_ok()
            });
            [suspending, demoting].map(|thread| thread.join().unwrap()).to_vec()
        });
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 1, "round {round}: {gone:?}");
        if gone[0] {
            server.act(|c, a| administrators::resume(c, a, &one));
        } else {
            let promoted = person("two@example.com", "owner");
            let now = version(&two);
            server.act(|c, a| administrators::update(c, a, &two, now, &promoted));
        }
    }
}
