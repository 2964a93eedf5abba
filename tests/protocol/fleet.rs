//! Many clients: what is known of them, and how much of it is kept.
use countersign::admin::imports::{self, Line, Taken};
use countersign::admin::{applications, grants};
use countersign::model::grant::Access;
use countersign::model::import;
use countersign::store::Store;

use crate::support::Server;
use crate::support::world::{BILLING_API, Client};

/// Registers this many applications, as an import does.
fn fleet(server: &Server, count: usize) -> Vec<Client> {
    let begin = server
        .try_act(|conn, actor| imports::begin(conn, actor, ("imp_1", "fleet"), Vec::new(), 0));
    let import = begin.unwrap();
    let line = |number: usize| Line {
        number: number as u64,
        row: import::from_json(
            format!(r#"{{"name":"device {number}","grants":["{BILLING_API}=invoices:read"]}}"#)
                .as_bytes(),
        ),
    };
    let numbers: Vec<usize> = (0..count).collect();
    let taken = numbers.chunks(1_000).flat_map(|some| {
        let lines = some.iter().map(|number| line(*number)).collect();
        server.try_act(|conn, actor| imports::take(conn, actor, &import, lines)).unwrap()
    });
    let client = |taken| match taken {
        Taken::Imported { client_id, secret_id, secret } => {
            Client { client_id, secret_id: secret_id.unwrap(), secret: secret.unwrap().to_string() }
        }
        _ => panic!("not imported"),
    };
    taken.map(client).collect()
}

fn find(server: &Server, clients: &[Client]) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut found = 0;
        for client in clients {
            found +=
                usize::from(server.app.directory.find(&client.client_id).await.unwrap().is_some());
        }
        found
    })
}

#[test]
fn ten_thousand_clients_are_read_once_and_share_what_they_hold() {
    let server = Server::start();
    server.world();
    let fleet = fleet(&server, 10_000);
    let reads = || server.app.metrics.client_reads.get();
    assert_eq!((find(&server, &fleet), reads()), (10_000, 10_000));
    assert_eq!((find(&server, &fleet), reads()), (10_000, 10_000), "no read for who is known");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = |client: &Client| {
        let found = runtime.block_on(server.app.directory.find(&client.client_id)).unwrap();
        found.unwrap().grants.clone()
    };
    assert!(std::sync::Arc::ptr_eq(&held(&fleet[0]), &held(&fleet[9_999])));

    // One that changes is read again, and nobody else.
    let (one, other) = (&fleet[7], &fleet[8]);
    server.act(|conn, actor| applications::suspend(conn, actor, &one.client_id));
    let all = Access::All;
    server.act(|conn, actor| grants::set(conn, actor, &other.client_id, BILLING_API, &all));
    assert_eq!(server.token(one, &[]).status, 401);
    assert_eq!(server.token(other, &[("scope", "invoices:write")]).status, 200);
    assert_eq!(server.token(&fleet[9], &[]).status, 200);
    assert_eq!(reads(), 10_002);
}

#[test]
fn with_room_for_fewer_every_client_still_gets_its_token() {
    let server = Server::start_with(&[("COUNTERSIGN_CACHED_CLIENTS", "100")]);
    server.world();
    let fleet = fleet(&server, 1_000);
    assert_eq!(find(&server, &fleet), 1_000);
    for client in fleet.iter().step_by(100) {
        assert_eq!(server.token(client, &[]).status, 200);
    }
    server.act(|conn, actor| applications::suspend(conn, actor, &fleet[0].client_id));
    assert_eq!(server.token(&fleet[0], &[]).status, 401);
    assert!(server.app.metrics.clients_cached.get() <= 100);
}

/// Pages begin where an index says, however many applications come before.
#[test]
fn the_last_page_of_a_list_is_reached_from_the_first() {
    let server = Server::start();
    server.world();
    fleet(&server, 500);
    let store: &Store = &server.app.store;
    let (mut after, mut names) = (None::<String>, Vec::new());
    loop {
        let filter = countersign::store::applications::Filter::default();
        let page = store
            .read_blocking(|conn| {
                countersign::store::applications::page(conn, &filter, after.as_deref(), 50)
            })
            .unwrap();
        names.extend(page.rows.into_iter().map(|row| row.client_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((count, names.len()), (503, 503));
}
