//! What is seldom is looked for in a part of the log at a time.
use countersign::host::Entropy;
use countersign::model::audit_event::Event;
use countersign::model::page::Page;
use countersign::oauth::time::Seconds;
use countersign::store::audit_log::{self, ActFilter, Filter, OutcomeFilter, StoredEvent};
use countersign::store::{Conn, Error, audit_chains};

use crate::support::world::LEDGER_API;
use crate::support::{NOW, Server};

/// More than one page reaches.
const MANY: usize = 10_050;

type Read = fn(&mut Conn, &Filter, Option<&str>, usize) -> Result<Page<StoredEvent>, Error>;

/// All ids that a reader comes to who goes on as long as there is more, and how
/// many pages that took.
fn walk(server: &Server, filter: &Filter, page: Read) -> (Vec<String>, usize) {
    let (mut ids, mut from, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let read = server.read(|conn| page(conn, filter, from.as_deref(), 50));
        ids.extend(read.rows.into_iter().map(|row: StoredEvent| row.id));
        pages += 1;
        from = read.next;
        if from.is_none() {
            return (ids, pages);
        }
    }
}

#[test]
fn a_page_looks_through_so_many_rows_and_the_next_goes_on_from_there() {
    let server = Server::start();
    let world = server.world();
    let ledger = server.application("ledger", &[(LEDGER_API, "ledger:export")]);
    // Two of each that are far apart.
    let seldom = |server: &Server| {
        server.issue(&ledger);
        server.token(&world.billing, &[("scope", "nothing")]);
    };
    seldom(&server);
    server.issue(&world.billing);
    server.settle();
    let usual = server.events("token.issued").pop().unwrap();
    let usual: Vec<Event> = (0..MANY)
        .map(|_| {
            let mark = Entropy::System.mark(NOW);
            Event { id: mark.id, salt: mark.salt, ..usual.clone() }
        })
        .collect();
    for events in usual.chunks(512) {
        let append = |conn: &mut Conn| audit_chains::append(conn, "main", events).map(drop);
        server.app.store.write_blocking::<_, Error>(append).unwrap();
    }
    server.advance(Seconds(1));
    seldom(&server);
    server.settle();

    let resource = Some(LEDGER_API.to_owned());
    let code = Some("application.created".to_owned());
    let reason = server.events("token.denied").pop().unwrap().reason.map(String::from);
    let filters = [
        // What an index knows is one page, however far apart it lies.
        (Filter { reason, ..Filter::default() }, 2, 1),
        (Filter { outcome: Some(OutcomeFilter::Refused), ..Filter::default() }, 2, 1),
        (Filter { client_id: Some(ledger.client_id.clone()), ..Filter::default() }, 5, 1),
        (Filter { act: ActFilter { code, ..ActFilter::default() }, ..Filter::default() }, 4, 1),
        // The others are looked for.
        (Filter { resource, ..Filter::default() }, 2, 2),
        (Filter { category: Some("access".to_owned()), ..Filter::default() }, 0, 2),
    ];
    for (filter, count, pages) in filters {
        let (newest, read) = walk(&server, &filter, audit_log::page);
        assert_eq!((newest.len(), read), (count, pages), "{}", filter.describe());
        let (mut oldest, _) = walk(&server, &filter, audit_log::page_onward);
        oldest.reverse();
        assert_eq!(oldest, newest, "{}", filter.describe());
    }
    let browser = server.signed_in("owner");
    let page = browser.get("/log?kind=accesses&period=all");
    assert!(page.text.contains("among the newest 10,000"), "{}", page.text);
}
