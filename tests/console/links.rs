//! One-time links: invitations, and resets of a password.
use countersign::admin::{Error, administrators, links};
use countersign::model::administrator::AdministratorDetails;
use countersign::oauth::time::Seconds;
use countersign::store::administrators::find_by_email;

use crate::support::Server;
use crate::support::browser::{Browser, PASSWORD};
use crate::support::http::Answer;

const CHOSEN: &str = "eleven quiet tea kettles";

/// The path and query of the link that a page shows.
fn link(page: &Answer) -> String {
    let url = page.texts("code.link").remove(0);
    url.strip_prefix(crate::support::ISSUER).unwrap().to_owned()
}

fn invite(owner: &Browser<'_>, email: &str, lifetime: &str) -> Answer {
    let fields = [("name", "Grace"), ("email", email), ("role", "admin"), ("lifetime", lifetime)];
    owner.post("/people/new", &fields)
}

fn choose(browser: &Browser<'_>, link: &str, password: &str) -> Answer {
    let (path, token) = link.split_once("?token=").unwrap();
    browser.post(path, &[("token", token), ("password", password)])
}

#[test]
fn who_is_invited_chooses_a_password_that_the_owner_never_sees() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let page = invite(&owner, "grace@example.com", "86400");
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    let link = link(&page);
    assert!(
        owner.get("/people").texts("[aria-labelledby=s-invited] tbody tr")[0].contains("Grace")
    );

    let grace = server.browser();
    let form = grace.get(&link);
    assert_eq!((form.status, form.header("cache-control")), (200, Some("no-store")));
    assert!(form.text.contains("grace@example.com"));
    let refused = choose(&grace, &link, "grace@example.com");
    assert_eq!(refused.status, 422, "it follows from the address");
    assert_eq!(choose(&grace, &link, "password1234567").status, 422);
    let chosen = choose(&grace, &link, CHOSEN);
    assert_eq!((chosen.status, chosen.header("location")), (303, Some("/sign-in")));
    assert_eq!(grace.sign_in("grace@example.com", CHOSEN).status, 303);

    assert_eq!(grace.get(&link).status, 409, "used once");
    assert_eq!(choose(&grace, &link, CHOSEN).status, 409);
    assert!(owner.get("/people").texts("[aria-labelledby=s-invited]").is_empty());
    let token = link.split_once('=').unwrap().1;
    let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    let stored = server.database.dump();
    assert!(!stored.contains(token) && !stored.contains(&hexadecimal), "only its digest is kept");
    assert_eq!(server.events("invitation.created").len(), 1);
    assert_eq!(server.events("administrator.created").last().unwrap().actor.kind, "anonymous");
}

#[test]
fn an_invitation_ends_by_time_by_an_owner_and_by_another_for_the_same_address() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let stranger = server.browser();
    let first = link(&invite(&owner, "grace@example.com", "86400"));
    let second = link(&invite(&owner, "Grace@Example.com", "259200"));
    assert_eq!(stranger.get(&first).status, 409, "replaced");
    assert_eq!(stranger.get(&second).status, 200);

    let text = owner.get("/people").text;
    let id = text.split("/people/invitations/").nth(1).unwrap().split('/').next().unwrap();
    let revoke = format!("/people/invitations/{id}/revocation");
    assert_eq!(server.signed_in("admin").post(&revoke, &[]).status, 403);
    assert_eq!(owner.post(&revoke, &[]).status, 303);
    assert_eq!(stranger.get(&second).status, 409, "taken back");
    assert_eq!(owner.post(&revoke, &[]).status, 404);

    let third = link(&invite(&owner, "grace@example.com", "86400"));
    server.advance(Seconds::DAY);
    assert_eq!(stranger.get(&third).status, 409, "too old");
    assert_eq!(choose(&stranger, &third, CHOSEN).status, 409);
    for wrong in ["", "1", "999999999"] {
        owner.sign_in("owner@example.com", PASSWORD);
        assert_eq!(
            invite(&owner, "grace@example.com", wrong).status,
            if wrong.is_empty() { 400 } else { 422 }
        );
    }
    assert_eq!(invite(&owner, "owner@example.com", "86400").status, 422, "somebody has it");
}

/// OWASP ASVS 5.0 §6.4.6: an owner starts the reset, and never knows the
/// password.
#[test]
fn an_owner_starts_a_reset_and_the_person_ends_it() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let admin = server.signed_in("admin");
    let id = server.read(|conn| find_by_email(conn, "admin@example.com")).unwrap().0.id;
    let path = format!("/people/{id}/password-reset");
    assert_eq!(admin.post(&path, &[]).status, 403);
    let first = link(&owner.post(&path, &[]));
    let page = owner.post(&path, &[]);
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    let second = link(&page);
    assert_eq!(server.browser().get(&first).status, 409, "another was made after it");
    assert_eq!(admin.get("/").status, 200, "until it is used nothing changes");

    let browser = server.browser();
    assert_eq!(browser.get(&second).status, 200);
    assert_eq!(choose(&browser, &second, "too short").status, 422);
    assert_eq!(choose(&browser, &second, CHOSEN).header("location"), Some("/sign-in"));
    assert_eq!(admin.get("/").status, 303, "its sessions are ended");
    assert_eq!(browser.sign_in("admin@example.com", PASSWORD).status, 422);
    assert_eq!(browser.sign_in("admin@example.com", CHOSEN).status, 303);
    assert_eq!(choose(&browser, &second, "eleven more tea kettles").status, 409, "used once");
    assert_eq!(server.events("administrator.password_reset").len(), 1);
    assert_eq!(owner.post("/people/adm_none/password-reset", &[]).status, 404);
}

#[test]
fn a_reset_ends_after_an_hour_with_a_suspension_and_with_a_new_password() {
    let server = Server::start();
    let id = server.administrator("admin");
    server.administrator("owner");
    let start = || server.act(|conn, actor| links::start_reset(conn, actor, &id)).1;
    let is_good = |token: &str| {
        let now = server.clock.now();
        server.read(|conn| links::reset(conn, token, now)).is_some()
    };
    let token = start();
    assert!(is_good(&token) && !is_good("another"));
    server.advance(Seconds(3_599));
    assert!(is_good(&token));
    server.advance(Seconds(1));
    assert!(!is_good(&token));

    let token = start();
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    assert!(!is_good(&token));
    let suspended = server.try_act(|conn, actor| links::start_reset(conn, actor, &id).map(drop));
    assert!(matches!(suspended, Err(Error::Conflict(_))));
    server.act(|conn, actor| administrators::resume(conn, actor, &id));
    assert!(!is_good(&token), "it does not come back");

    let token = start();
    server.act(|conn, actor| administrators::set_password(conn, actor, &id, "h"));
    assert!(!is_good(&token));
}

/// One's own password is changed with the one that one has (ASVS §6.2.3): a
/// session alone must not be enough.
#[test]
fn nobody_resets_their_own_password() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let id = server.read(countersign::store::administrators::all)[0].id.clone();
    assert_eq!(owner.post(&format!("/people/{id}/password-reset"), &[]).status, 409);
}

/// Many open the same link at once; one becomes somebody.
#[test]
fn a_link_is_spent_once_however_many_use_it_at_once() {
    let server = Server::start();
    let details = AdministratorDetails::read("grace@example.com", "Grace", "admin").unwrap();
    let (_, token) = server.act(|conn, actor| links::invite(conn, actor, details, Seconds::DAY));
    let made: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (server, token) = (&server, &token);
                scope.spawn(move || {
                    server.try_act(|conn, actor| links::accept(conn, actor, token, "h")).is_ok()
                })
            })
            .collect();
        workers.into_iter().map(|worker| usize::from(worker.join().unwrap())).sum()
    });
    assert_eq!(made, 1);
}
