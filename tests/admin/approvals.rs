//! Acts that take two persons.
use std::collections::BTreeMap;

use countersign::admin::actor::Who;
use countersign::admin::applications::{self, NewApplication};
use countersign::admin::{Actor, Error, administrators, approvals, grants, imports, resources};
use countersign::model::application::ApplicationDetails;
use countersign::model::approval::{Proposal, Request, State};
use countersign::model::because::Because;
use countersign::model::grant::Access;
use countersign::model::import::{Credential, Row};
use countersign::model::role::Role;
use countersign::oauth::time::Seconds;
use countersign::store::{self, Conn};

use crate::support::Server;
use crate::support::world::{BILLING_API, LEDGER_API, World};

/// An administrator as the console has them.
fn person(server: &Server, role: &str, name: &str) -> Actor {
    let email = format!("{name}@example.com");
    let details = countersign::model::administrator::AdministratorDetails::read(&email, name, role);
    let made = server.act(|c, a| administrators::create(c, a, details.clone().unwrap(), "h"));
    let who =
        Who::Administrator { id: made.id, name: name.into(), role: Role::parse(role).unwrap() };
    Actor { who, request_id: Some("req_1".into()), ..server.operator() }
}

/// The same person, later.
fn later(server: &Server, actor: &Actor) -> Actor {
    Actor { now: server.clock.now(), ..actor.clone() }
}

fn scopes(names: &[&str]) -> Access {
    Access::Scopes(names.iter().map(|name| (*name).to_owned()).collect())
}

struct Stage {
    server: Server,
    world: World,
    ada: Actor,
    grace: Actor,
    billing_api: String,
}

/// Two admins; `invoices:write` of the billing API is sensitive.
fn stage() -> Stage {
    stage_with(&[])
}

fn stage_with(settings: &[(&str, &str)]) -> Stage {
    let server = Server::start_with(settings);
    let world = server.world();
    let api = server.read(|c| store::resources::find_by_identifier(c, BILLING_API)).unwrap().id;
    server.act(|c, a| resources::mark(c, a, &api, Some("invoices:write"), true));
    let (ada, grace) = (person(&server, "admin", "ada"), person(&server, "admin", "grace"));
    Stage { server, world, ada, grace, billing_api: api }
}

impl Stage {
    /// Does it as `actor`, or asks for it.
    fn act(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Conn, &Actor) -> Result<(), Error>,
    ) -> Result<Option<Request>, Error> {
        let store = &self.server.app.store;
        match store.write_blocking(|conn| act(conn, actor)) {
            Err(Error::SecondPerson(proposal)) => {
                store.write_blocking(|conn| approvals::ask(conn, actor, *proposal)).map(Some)
            }
            done => done.map(|()| None),
        }
    }

    /// Asks as Ada that `mallory` may write invoices.
    fn ask(&self) -> Request {
        let client_id = self.world.mallory.client_id.clone();
        let set = |c: &mut Conn, a: &Actor| {
            grants::set(c, a, &client_id, BILLING_API, &scopes(&["invoices:write"]))
        };
        let ada = Actor { because: Because::read("month end").unwrap(), ..self.ada.clone() };
        self.act(&ada, set).unwrap().unwrap()
    }

    fn approve(&self, actor: &Actor, id: &str) -> Result<Request, Error> {
        let policy = self.server.app.key_policy();
        self.server.app.store.write_blocking(|c| approvals::approve(c, actor, id, policy))
    }

    fn held(&self, client_id: &str) -> Vec<String> {
        let held = self.server.read(|c| store::grants::all(c, client_id));
        held.iter().map(|grant| format!("{}={}", grant.resource_identifier, grant.access)).collect()
    }

    fn state(&self, id: &str) -> State {
        self.server.read(|c| store::approvals::find(c, id)).unwrap().state
    }
}

fn conflict(outcome: Result<impl Sized, Error>) -> String {
    match outcome {
        Err(Error::Conflict(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}

type Way<'w> = Box<dyn FnOnce(&mut Conn, &Actor) -> Result<(), Error> + 'w>;

/// Every act that can add to what an application holds, with something marked.
#[test]
fn every_way_to_a_sensitive_grant_waits_and_gives_nothing() {
    let stage = stage();
    let (server, mallory) = (&stage.server, stage.world.mallory.client_id.as_str());
    let write = scopes(&["invoices:read", "invoices:write"]);
    let one = BTreeMap::from([(stage.billing_api.clone(), write.clone())]);
    let all = BTreeMap::from([(stage.billing_api.clone(), Access::All)]);
    let ways: Vec<(&str, Way<'_>)> = vec![
        ("a scope", Box::new(|c, a| grants::set(c, a, mallory, BILLING_API, &write))),
        ("all scopes", Box::new(|c, a| grants::set(c, a, mallory, BILLING_API, &Access::All))),
        ("the editor", Box::new(|c, a| grants::replace(c, a, mallory, &one).map(drop))),
        ("the editor, all", Box::new(|c, a| grants::replace(c, a, mallory, &all).map(drop))),
    ];
    for (name, way) in ways {
        let outcome = server.app.store.write_blocking(|conn| way(conn, &stage.ada));
        assert!(matches!(outcome, Err(Error::SecondPerson(_))), "{name}");
        assert!(stage.held(mallory).is_empty(), "{name}");
    }

    // A new application is there without it, and it waits.
    let new = NewApplication {
        details: ApplicationDetails { name: "new".into(), ..Default::default() },
        grants: vec![
            (BILLING_API.into(), write.clone()),
            (LEDGER_API.into(), scopes(&["ledger:export"])),
        ],
        secret: None,
    };
    let created =
        server.app.store.write_blocking(|c| applications::create(c, &stage.ada, new)).unwrap();
    let client_id = created.application.client_id;
    assert_eq!(stage.held(&client_id), [format!("{LEDGER_API}=ledger:export")]);
    let request = created.waits.expect("the rest waits");
    stage.approve(&stage.grace, &request.id).unwrap();
    assert_eq!(stage.held(&client_id).len(), 2);

    // A row of a file is refused: thousands of requests help nobody.
    let row = Row {
        external_id: "x".into(),
        details: ApplicationDetails { name: "imported".into(), ..Default::default() },
        grants: vec![(BILLING_API.into(), write)],
        secret: Credential::None,
    };
    let import = server.act(|c, a| imports::begin(c, a, ("imp_1", "file"), vec![], 0));
    let line = imports::Line { number: 1, row: Ok(row) };
    let taken = server.act(|c, a| imports::take(c, a, &import, vec![line]));
    assert!(matches!(&taken[0], imports::Taken::Refused(why) if why.contains("two persons")));
}

/// The stores behind those acts are named by no other file.
#[test]
fn no_other_file_writes_a_grant() {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let names = text.contains("store::{") && text.contains("grants")
                    || text.contains("store::grants")
                    || text.contains("store::imports");
                let writes =
                    ["grants::set(conn, client_id,", "grants::delete(", "imports::insert("];
                if names && writes.iter().any(|write| text.contains(write)) {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(std::path::Path::new("src"), &mut found);
    found.sort();
    assert_eq!(found, ["src/admin/grants.rs", "src/admin/imports.rs"]);
}

#[test]
fn what_is_not_marked_or_held_already_needs_nobody() {
    let stage = stage();
    let (mallory, billing) = (&stage.world.mallory.client_id, &stage.world.billing.client_id);
    let done = |client_id: &str, access: Access| {
        stage.act(&stage.ada, |c, a| grants::set(c, a, client_id, BILLING_API, &access)).unwrap()
    };
    assert!(done(mallory, scopes(&["invoices:read"])).is_none());
    // `billing` held it before the mark.
    assert!(done(billing, scopes(&["invoices:write"])).is_none(), "less is no gift");
    assert!(done(billing, Access::All).is_some(), "all scopes, also those to come");

    let api = stage.billing_api.clone();
    stage.server.act(|c, a| resources::mark(c, a, &api, None, true));
    assert!(done(&stage.world.reporting.client_id, scopes(&[])).is_none());
    let ledger = &stage.world.mallory.client_id;
    assert!(done(ledger, scopes(&["invoices:read"])).is_none(), "it is held");
    stage.server.act(|c, a| grants::remove(c, a, ledger, BILLING_API));
    assert!(done(ledger, scopes(&[])).is_some(), "at a sensitive API anything is something");
}

#[test]
fn the_second_person_does_it_and_both_names_stand_in_its_row() {
    let stage = stage();
    let mallory = &stage.world.mallory.client_id;
    let request = stage.ask();
    assert!(stage.held(mallory).is_empty());
    assert_eq!(stage.state(&request.id), State::Open);
    let asked = stage.server.events("approval.requested").pop().unwrap();
    assert_eq!(asked.actor.name.as_deref(), Some("ada"));
    assert_eq!(asked.target.as_ref().unwrap().id, request.id);
    assert_eq!(asked.client_id.as_ref(), Some(mallory));
    let fields: Vec<_> = asked.changes.iter().map(|c| (&*c.field, c.after.as_str())).collect();
    assert_eq!(fields, [("resource", BILLING_API), ("scopes", "invoices:write")]);

    assert_eq!(asked.because.as_deref(), Some("month end"));
    stage.approve(&stage.grace, &request.id).unwrap();
    assert_eq!(stage.held(mallory), [format!("{BILLING_API}=invoices:write")]);
    let set = stage.server.events("grant.set").pop().unwrap();
    assert_eq!(set.actor.name.as_deref(), Some("ada"));
    let approval = set.approval.unwrap();
    assert_eq!(approval.by_name.as_deref(), Some("grace"));
    assert_eq!(approval.request.as_deref(), Some(request.id.as_str()));
    assert_eq!(approval.waived, None);
    let approved = stage.server.events("approval.approved").pop().unwrap();
    assert_eq!(approved.actor.name.as_deref(), Some("grace"));
    assert_eq!(approved.approval, None);
    assert!(conflict(stage.approve(&stage.grace, &request.id)).contains("approved by grace"));
}

#[test]
fn whoever_asked_cannot_approve_nor_somebody_without_an_account_or_the_right() {
    let stage = stage();
    let request = stage.ask();
    // A second session is the same person.
    let again = Actor { request_id: Some("req_2".into()), ..stage.ada.clone() };
    let at_the_machine = Actor { request_id: None, ..stage.ada.clone() };
    for own in [&stage.ada, &again, &at_the_machine] {
        assert!(conflict(stage.approve(own, &request.id)).contains("yourself"));
        let refuse = |c: &mut Conn| approvals::refuse(c, own, &request.id, "no");
        conflict(stage.server.app.store.write_blocking(refuse));
    }
    let operator = stage.server.operator();
    assert!(conflict(stage.approve(&operator, &request.id)).contains("--as"));
    let alone = operator.clone().alone("nobody is here").unwrap();
    conflict(stage.approve(&alone, &request.id));
    let auditor = person(&stage.server, "auditor", "eve");
    assert!(matches!(stage.approve(&auditor, &request.id), Err(Error::Forbidden(_))));
    assert_eq!(stage.state(&request.id), State::Open);
    assert!(stage.held(&stage.world.mallory.client_id).is_empty());
    assert!(matches!(stage.approve(&stage.grace, "apr_none"), Err(Error::NotFound)));
}

#[test]
fn what_is_not_as_it_was_when_it_was_asked_for_is_not_done() {
    let stage = stage();
    let mallory = stage.world.mallory.client_id.clone();
    let request = stage.ask();
    stage.server.act(|c, a| grants::set(c, a, &mallory, LEDGER_API, &scopes(&["ledger:export"])));
    let why = conflict(stage.approve(&stage.grace, &request.id));
    assert!(why.contains("another by now"), "{why}");
    assert_eq!(stage.state(&request.id), State::Open, "it can still be refused");
    assert!(stage.server.events("approval.approved").is_empty(), "nothing half done");
    assert_eq!(stage.held(&mallory), [format!("{LEDGER_API}=ledger:export")]);
    stage.server.act(|c, a| applications::delete(c, a, &mallory));
    conflict(stage.approve(&stage.grace, &request.id));
}

#[test]
fn who_asked_must_still_be_one_who_may() {
    let stage = stage();
    let request = stage.ask();
    let Who::Administrator { id, .. } = &stage.ada.who else { panic!() };
    person(&stage.server, "owner", "olga");
    stage.server.act(|c, a| administrators::suspend(c, a, id));
    assert!(conflict(stage.approve(&stage.grace, &request.id)).contains("ada"));
    assert_eq!(stage.state(&request.id), State::Open);
}

#[test]
fn a_request_is_refused_with_a_reason_taken_back_by_its_asker_or_expires() {
    let stage = stage();
    let write = |work: &dyn Fn(&mut Conn) -> Result<Request, Error>| {
        stage.server.app.store.write_blocking(|conn| work(conn))
    };
    let refused = stage.ask();
    let empty = write(&|c| approvals::refuse(c, &stage.grace, &refused.id, " "));
    assert!(matches!(empty, Err(Error::Invalid(_))));
    write(&|c| approvals::refuse(c, &stage.grace, &refused.id, "not in this month")).unwrap();
    assert_eq!(stage.state(&refused.id), State::Refused);
    assert!(conflict(stage.approve(&stage.grace, &refused.id)).contains("refused by grace"));

    let taken_back = stage.ask();
    let same = stage
        .server
        .app
        .store
        .write_blocking(|c| approvals::ask(c, &stage.grace, taken_back.proposal.clone()));
    assert!(conflict(same).contains(&taken_back.id), "one waits already");
    conflict(write(&|c| approvals::withdraw(c, &stage.grace, &taken_back.id)));
    write(&|c| approvals::withdraw(c, &stage.ada, &taken_back.id)).unwrap();
    assert!(conflict(stage.approve(&stage.grace, &taken_back.id)).contains("withdrawn"));

    let old = stage.ask();
    stage.server.clock.advance(Seconds::days(7));
    let grace = later(&stage.server, &stage.grace);
    assert!(conflict(stage.approve(&grace, &old.id)).contains("expired"), "before it is swept");
    let system = stage.server.app.system();
    let expire = || stage.server.app.store.write_blocking(|c| approvals::expire(c, &system));
    assert_eq!((expire().unwrap(), expire().unwrap()), (1, 0));
    assert_eq!(stage.state(&old.id), State::Expired);
    for code in ["approval.refused", "approval.withdrawn", "approval.expired"] {
        assert_eq!(stage.server.events(code).len(), 1, "{code}");
    }
    assert!(stage.held(&stage.world.mallory.client_id).is_empty());
}

/// Of several at once one decides, whoever they are.
#[test]
fn of_two_who_approve_or_take_back_at_once_one_does() {
    let stage = stage();
    let heidi = person(&stage.server, "admin", "heidi");
    for round in 0..6 {
        let request = stage.ask();
        let done: Vec<bool> = std::thread::scope(|scope| {
            let approving = [&stage.grace, &heidi].map(|by| {
                let (stage, request) = (&stage, &request);
                scope.spawn(move || stage.approve(by, &request.id).is_ok())
            });
            let withdrawing = {
                let (stage, request) = (&stage, &request);
                scope.spawn(move || {
                    let withdraw = |c: &mut Conn| approvals::withdraw(c, &stage.ada, &request.id);
                    stage.server.app.store.write_blocking(withdraw).is_ok()
                })
            };
            let mut done: Vec<bool> =
                approving.into_iter().map(|thread| thread.join().unwrap()).collect();
            done.push(withdrawing.join().unwrap());
            done
        });
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "round {round}: {done:?}");
        let mallory = &stage.world.mallory.client_id;
        assert_eq!(stage.held(mallory).len(), usize::from(!done[2]), "{done:?}");
        if !done[2] {
            stage.server.act(|c, a| grants::remove(c, a, mallory, BILLING_API));
        }
    }
    let approved = stage.server.events("approval.approved").len();
    assert_eq!(
        stage.server.events("grant.set").iter().filter(|e| e.approval.is_some()).count(),
        approved
    );
}

#[test]
fn a_mark_goes_only_by_two_persons_and_what_has_one_too() {
    let stage = stage();
    let api = stage.billing_api.clone();
    let waits = |act: &dyn Fn(&mut Conn, &Actor) -> Result<(), Error>| {
        stage.act(&stage.ada, |c, a| act(c, a)).unwrap().unwrap()
    };
    let unmark = waits(&|c, a| resources::mark(c, a, &api, Some("invoices:write"), false));
    let remove = waits(&|c, a| resources::remove_scope(c, a, &api, "invoices:write"));
    let delete = waits(&|c, a| resources::delete(c, a, &api));
    // Nobody of the machine alone either.
    let alone = stage.server.operator().alone("in a hurry").unwrap();
    let tried = stage.server.app.store.write_blocking(|c| resources::delete(c, &alone, &api));
    assert!(matches!(tried, Err(Error::SecondPerson(_))));

    stage.approve(&stage.grace, &unmark.id).unwrap();
    assert_eq!(stage.server.events("resource.unmarked").len(), 1);
    assert!(
        stage
            .act(&stage.ada, |c, a| resources::remove_scope(c, a, &api, "invoices:write"))
            .unwrap()
            .is_none()
    );
    conflict(stage.approve(&stage.grace, &remove.id));
    stage.approve(&stage.grace, &delete.id).unwrap();
    assert!(stage.server.read(|c| store::resources::find(c, &api)).is_none());
    assert!(matches!(unmark.proposal, Proposal::Unmark { .. }));
}
