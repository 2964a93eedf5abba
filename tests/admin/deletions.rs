//! A deletion can be undone for a day.
use std::num::NonZeroU32;
use std::sync::Arc;

use countersign::admin::actor::Who;
use countersign::admin::application_owners::{self, Owners};
use countersign::admin::introspectors::{self, Of};
use countersign::admin::{
    Actor, Error, applications, deletions, limits, resources, secrets, teams,
};
use countersign::model::administrator::AdministratorDetails;
use countersign::model::deletion::{External, Loss};
use countersign::model::resource::Scope;
use countersign::model::role::Role;
use countersign::model::secret::NewSecret;
use countersign::oauth::UnixTime;
use countersign::oauth::limit::Limit;
use countersign::oauth::time::Seconds;
use countersign::reports::access::{self, Asked};
use countersign::server::removal;
use countersign::store;

use crate::support::Server;
use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, Client, LEDGER_API};

/// All that the tables say of an application.
fn picture(server: &Server, client_id: &str) -> String {
    server.read(|conn| {
        let client = store::clients::find(conn, client_id)?.client;
        let client =
            client.map(|it| (it.active, it.token_lifetime, it.limit, it.secrets, it.grants));
        let introspects = store::introspectors::of_application(conn, client_id)?;
        let application = store::applications::find(conn, client_id)?;
        let secrets = store::secrets::all(conn, client_id)?;
        let people = store::application_owners::of_application(conn, client_id)?;
        let teams = store::teams::of_application(conn, client_id)?;
        let external = store::imports::external(conn, client_id)?;
        let names = (people, teams, external);
        Ok(format!("{client:?} {introspects:?} {application:?} {secrets:?} {names:?}"))
    })
}

fn delete(server: &Server, client: &Client) -> UnixTime {
    server.act(|conn, actor| applications::delete(conn, actor, &client.client_id))
}

fn restore(server: &Server, client: &Client) -> deletions::Restorable {
    server.act(|conn, actor| deletions::restore(conn, actor, &client.client_id))
}

fn refused(server: &Server, client_id: &str) -> String {
    let done = server.try_act(|conn, actor| deletions::restore(conn, actor, client_id));
    done.err().unwrap().to_string()
}

fn api(server: &Server, identifier: &str) -> String {
    server.read(|conn| store::resources::find_by_identifier(conn, identifier)).unwrap().id
}

fn pass(server: &Server) -> usize {
    tokio::runtime::Runtime::new().unwrap().block_on(removal::pass(&server.app)).unwrap()
}

/// Owned by a person and a team, with a limit, an external id, secrets in every
/// state, and more to introspect than its own API.
fn rich(server: &Server) -> Client {
    let client = server.world().billing;
    let client_id = client.client_id.as_str();
    let details = AdministratorDetails::read("dev@example.com", "Dev", "developer").unwrap();
    let person = server
        .act(|c, a| countersign::admin::administrators::create(c, a, details.clone(), "h"))
        .id;
    let team = server.act(|c, a| teams::create(c, a, "Payments", &[])).id;
    let owners = Owners { people: vec![person], teams: vec![team] };
    server.act(|c, a| application_owners::replace(c, a, client_id, owners.clone()));
    let per_minute = NonZeroU32::new(60);
    let limit = Limit { per_minute, per_day: None, watched: true };
    server.act(|c, a| limits::set_for_application(c, a, client_id, Some(&limit)));
    server.let_introspect(&client, BILLING_API);
    server.let_introspect(&client, LEDGER_API);
    let short = NewSecret { name: "short".into(), lifetime: Some(Seconds(60)) };
    let gone = NewSecret { name: "gone".into(), lifetime: None };
    server.act(|c, a| secrets::add(c, a, client_id, &short));
    let gone = server.act(|c, a| secrets::add(c, a, client_id, &gone)).0.id;
    server.act(|c, a| secrets::revoke(c, a, client_id, &gone, secrets::Tokens::Keep));
    let external = External { external_id: "sn-7".into(), import_id: "imp_1".into() };
    server
        .try_act(|conn, _| Ok(store::imports::set_external(conn, client_id, &external)?))
        .unwrap();
    server.advance(Seconds(120));
    client
}

#[test]
fn a_restored_application_is_what_it_was() {
    let server = Server::start();
    let client = rich(&server);
    let before = picture(&server, &client.client_id);
    let until = delete(&server, &client);
    assert_eq!(until, server.clock.now() + Seconds::DAY);
    assert_eq!(picture(&server, &client.client_id), "None (false, []) None [] ([], [], None)");
    server.advance(Seconds(3_600));

    let restored = restore(&server, &client);
    assert_eq!(restored.lost, []);
    assert!(!restored.has_namesake);
    assert_eq!(restored.working(server.clock.now()).len(), 1, "not the expired, not the revoked");
    assert_eq!(picture(&server, &client.client_id), before);

    let events = server.events("application.restored");
    let fields: Vec<&str> = events[0].changes.iter().map(|change| change.field.as_ref()).collect();
    assert_eq!(fields, ["state", "name", "grant", "secret"]);
    assert!(!events[0].body().contains("csk_"));
    // And it can be deleted and restored again.
    delete(&server, &client);
    restore(&server, &client);
    assert_eq!(picture(&server, &client.client_id), before);
    server.advance(Seconds(60));
    assert_eq!(server.token(&client, &[]).status, 200);
}

#[test]
fn what_was_suspended_is_restored_suspended() {
    let server = Server::start();
    let client = server.world().billing;
    server.act(|c, a| introspectors::add(c, a, &Of::Any, &client.client_id));
    server.act(|c, a| applications::suspend(c, a, &client.client_id));
    let before = picture(&server, &client.client_id);
    delete(&server, &client);
    restore(&server, &client);
    assert_eq!(picture(&server, &client.client_id), before);
    assert_eq!(server.token(&client, &[]).status, 401);
}

#[test]
fn what_was_deleted_or_taken_meanwhile_is_left_out_and_named() {
    let server = Server::start();
    let client = rich(&server);
    delete(&server, &client);
    server.advance(Seconds(60));
    let billing = api(&server, BILLING_API);
    server.act(|c, a| resources::remove_scope(c, a, &billing, "invoices:write"));
    // Another of the same name is another scope.
    let scope = Scope { name: "invoices:write".into(), description: String::new() };
    server.act(|c, a| resources::add_scope(c, a, &billing, &scope));
    let ledger = api(&server, LEDGER_API);
    server.act(|c, a| resources::delete(c, a, &ledger));
    server.resource(LEDGER_API, &["invoices:read"]);
    let team = server.read(store::teams::all).remove(0).id;
    server.act(|c, a| teams::delete(c, a, &team));
    let other = server.application("Billing", &[]).client_id;
    let external = External { external_id: "sn-7".into(), import_id: "imp_2".into() };
    server.try_act(|conn, _| Ok(store::imports::set_external(conn, &other, &external)?)).unwrap();

    let restored = restore(&server, &client);
    assert!(restored.has_namesake);
    let (ledger, billing) = (format!("API {LEDGER_API}"), format!("API {BILLING_API}"));
    assert_eq!(
        restored.lost,
        [
            Loss::ExternalId("sn-7".into()),
            Loss::Introspection { api: ledger },
            Loss::Owner("Payments".into()),
            Loss::Scope { api: billing, scope: "invoices:write".into() },
        ]
    );
    assert_eq!(server.token(&client, &[]).json()["scope"], "invoices:read");
    let event = server.events("application.restored").remove(0);
    let named = event.changes.iter().filter(|change| change.field == "not_restored");
    assert_eq!(named.count(), 4);
    let taken = server.read(|conn| store::imports::taken(conn, &["sn-7"]));
    assert_eq!(taken, [("sn-7".to_owned(), other)]);
}

#[test]
fn an_api_that_was_deleted_meanwhile_is_not_called_again_though_another_has_its_name() {
    let server = Server::start();
    let client = server.world().billing;
    delete(&server, &client);
    let billing = api(&server, BILLING_API);
    server.act(|c, a| resources::delete(c, a, &billing));
    server.resource(BILLING_API, &["invoices:read", "invoices:write"]);
    let restored = restore(&server, &client);
    assert_eq!(restored.lost, [Loss::Access { api: format!("API {BILLING_API}") }]);
    assert_eq!(server.token(&client, &[]).error(), "invalid_target");
}

/// Who marked it looked who held it, and saw nobody.
#[test]
fn what_was_marked_sensitive_meanwhile_takes_two_persons_as_always() {
    let server = Server::start();
    let world = server.world();
    let billing = api(&server, BILLING_API);
    let mark = |scope: &str| {
        server.act(|c, a| resources::mark(c, a, &billing, Some(scope), true));
    };
    mark("invoices:write");
    delete(&server, &world.billing);
    delete(&server, &world.reporting);
    let restored = restore(&server, &world.billing);
    assert_eq!(restored.lost, [], "two persons gave it, or it was held when it was marked");
    mark("invoices:read");
    let restored = restore(&server, &world.reporting);
    assert_eq!(restored.lost, [Loss::Marked { api: format!("API {BILLING_API}") }]);
    assert!(server.read(|c| store::grants::all(c, &world.reporting.client_id)).is_empty());
}

#[test]
fn after_a_day_it_is_gone_for_good_and_of_two_servers_one_says_so() {
    let database = Arc::new(TestDatabase::new());
    let here = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "here")]);
    let there = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "there")]);
    let world = here.world();
    delete(&here, &world.billing);
    here.clock.advance(Seconds(10));
    delete(&here, &world.reporting);
    there.clock.advance(Seconds(86_399));
    here.clock.advance(Seconds(86_389));
    assert_eq!((pass(&here), pass(&there)), (0, 0), "a second is left");
    restore(&here, &world.billing);
    delete(&here, &world.billing);
    here.clock.advance(Seconds(11));
    there.clock.advance(Seconds(11));
    // Nobody has looked yet, and it is too late all the same.
    assert!(refused(&here, &world.reporting.client_id).contains("gone for good"));
    assert_eq!((pass(&here), pass(&there)), (1, 0));
    let ours = here.events("application.removed");
    assert_eq!((ours.len(), there.events("application.removed").len()), (1, 0));
    assert_eq!(ours[0].client_id.as_deref(), Some(world.reporting.client_id.as_str()));
    assert_eq!(ours[0].actor.kind, "system");
    assert!(refused(&here, &world.reporting.client_id).contains("gone for good"));
    restore(&here, &world.billing);

    // Its secret is known as a ghost for good.
    assert_eq!(here.token(&world.reporting, &[]).status, 401);
    let reason = here.events("token.denied").pop().unwrap().reason;
    assert_eq!(reason.as_deref(), Some("client_deleted"));
}

#[test]
fn hundreds_that_are_overdue_go_in_one_look() {
    let server = Server::start();
    let clients: Vec<Client> =
        (0..230).map(|i| server.application(&format!("job-{i}"), &[])).collect();
    let all = |conn: &mut store::Conn, actor: &Actor| {
        clients
            .iter()
            .try_for_each(|client| applications::delete(conn, actor, &client.client_id).map(drop))
    };
    server.act(all);
    server.advance(Seconds::DAY);
    assert_eq!(pass(&server), 230);
    assert_eq!(server.events("application.removed").len(), 230);
    assert_eq!(pass(&server), 0);
}

#[test]
fn who_may_delete_may_restore_and_nobody_else_and_nothing_twice() {
    let server = Server::start();
    let world = server.world();
    let client_id = world.billing.client_id.as_str();
    assert!(refused(&server, client_id).contains("not deleted"));
    assert_eq!(refused(&server, "m2m_none"), "not found");
    delete(&server, &world.billing);
    for role in Role::ALL {
        let who = Who::Administrator { id: "adm_1".into(), name: "A".into(), role };
        let actor = Actor { who, ..server.operator() };
        let done = server.app.store.write_blocking(|conn| {
            deletions::restore(conn, &actor, client_id)?;
            Err::<(), _>(Error::Conflict("undone".into()))
        });
        let forbidden = matches!(done, Err(Error::Forbidden(_)));
        assert_eq!(forbidden, !matches!(role, Role::Admin | Role::Owner), "{role}");
    }
    restore(&server, &world.billing);
    assert!(refused(&server, client_id).contains("not deleted"));
    assert_eq!(server.events("application.restored").len(), 1);
}

#[test]
fn the_past_has_a_gap_where_an_application_was_deleted() {
    let server = Server::start();
    let world = server.world();
    let could_call = |at: UnixTime| {
        let asked = Asked { at, application: Some("billing".into()), ..Asked::default() };
        server.read(|conn| access::page_with_use(conn, &asked, None, 500)).rows.len()
    };
    let before = server.clock.now();
    server.advance(Seconds(60));
    delete(&server, &world.billing);
    let between = server.clock.now();
    server.advance(Seconds(60));
    restore(&server, &world.billing);
    let after = server.clock.now();
    assert_eq!((could_call(before), could_call(between), could_call(after)), (1, 0, 1));
    let states = server.read(|conn| store::holdings::states_ever(conn, &world.billing.client_id));
    let spans: Vec<_> = states.iter().map(|state| (state.span.from, state.span.until)).collect();
    assert_eq!(spans, [(before, Some(between)), (after, None)]);
}
