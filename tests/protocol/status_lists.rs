//! draft-ietf-oauth-status-list-21: tokens name an index, lists say which of
//! them are revoked.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use countersign::admin::{applications, resources, revocations};
use countersign::model::audit_event::{Event, Outcome, TokenFacts};
use countersign::model::resource::Verification;
use countersign::model::status_list::{Order, SIZE};
use countersign::oauth::access_token::StatusReference;
use countersign::oauth::revocation::Kind;
use countersign::oauth::status_list::{Claims, INVALID, MEDIA_TYPE, StatusList, TYPE, VALID};
use countersign::oauth::time::Seconds;
use countersign::status_lists::statements::{Draft, Statement};
use countersign::status_lists::statuses::Key;
use countersign::store::status_lists;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

use crate::support::database::TestDatabase;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, Client, LEDGER_API, World};
use crate::support::{ISSUER, NOW, Server};

/// What a gzip'd answer may be at most.
const WIRE: usize = 4_096;

impl Server {
    /// A world in which tokens for the billing API name a list.
    fn world_with_lists(&self) -> World {
        let world = self.world();
        self.switch_lists(BILLING_API, true);
        self.look();
        world
    }

    fn switch_lists(&self, identifier: &str, status_lists: bool) {
        self.act(|conn, actor| {
            let resource = resources::resolve(conn, identifier)?;
            let verification = Verification { status_lists, ..resource.verification };
            resources::set_verification(conn, actor, &resource.id, resource.version, verification)
        });
    }

    /// What the publisher does all the time.
    fn look(&self) {
        while self.app.status_lists.look_blocking().unwrap() {}
    }

    /// A token's place, of a token that has one.
    fn place(&self, client: &Client) -> StatusReference {
        place(&self.issue(client)).unwrap()
    }

    fn list(&self, uri: &str) -> Answer {
        self.get(uri.strip_prefix(ISSUER).unwrap())
    }

    /// What a verifier learns: signature, type and subject of the list are
    /// checked with a stock library.
    fn status(&self, place: &StatusReference) -> u8 {
        let claims = self.verified(&self.list(&place.uri).text);
        assert_eq!(claims.sub, place.uri);
        let list = StatusList::decode(&claims.status_list, 1 << 20).unwrap();
        list.get(place.idx).unwrap()
    }

    fn verified(&self, token: &str) -> Claims {
        let header = decode_header(token).unwrap();
        assert_eq!(header.typ.as_deref(), Some(TYPE));
        let keys: JwkSet = serde_json::from_value(self.get("/oauth/jwks.json").json()).unwrap();
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        decode(token, &key, &validation).unwrap().claims
    }

    fn revoke(&self, kind: Kind, subject: &str) {
        self.act(|conn, actor| revocations::revoke(conn, actor, kind, subject, "a test"));
    }
}

fn place(token: &str) -> Option<StatusReference> {
    let status = Server::claims(token)["status"]["status_list"].clone();
    serde_json::from_value(status).ok()
}

#[test]
fn a_token_names_a_list_where_its_resource_wants_one_and_the_log_knows_which() {
    let server = Server::start();
    let world = server.world();
    let without = server.issue(&world.billing);
    assert!(Server::claims(&without).get("status").is_none());
    server.switch_lists(BILLING_API, true);
    let place = server.place(&world.billing);
    assert!(place.uri.starts_with(&format!("{ISSUER}/oauth/status-lists/lst_")), "{}", place.uri);

    let events = server.events("token.issued");
    let recorded: Vec<_> =
        events.iter().map(|event| event.token.as_ref().unwrap().status_list.clone()).collect();
    assert_eq!(recorded, [None, Some(place.clone())]);
    assert!(!events[0].body().contains("status_list"), "older texts stay as they are");

    server.switch_lists(BILLING_API, false);
    assert!(Server::claims(&server.issue(&world.billing)).get("status").is_none());
}

/// One resource of several is enough, and tokens of another audience are in
/// another list.
#[test]
fn an_audience_has_a_list_of_its_own() {
    let server = Server::start();
    let world = server.world_with_lists();
    let both = server
        .application("both", &[(BILLING_API, "invoices:read"), (LEDGER_API, "invoices:read")]);
    let of = |resources: &[&str]| {
        let parameters: Vec<_> = resources.iter().map(|uri| ("resource", *uri)).collect();
        let answer = server.token(&both, &parameters).json();
        place(answer["access_token"].as_str().unwrap())
    };
    assert!(of(&[LEDGER_API]).is_none());
    let one = of(&[BILLING_API]).unwrap();
    let two = of(&[BILLING_API, LEDGER_API]).unwrap();
    assert_eq!(two.uri, of(&[LEDGER_API, BILLING_API]).unwrap().uri, "in whatever order");
    assert_ne!(one.uri, two.uri);
    assert_eq!(one.uri, server.place(&world.billing).uri);
}

#[test]
fn a_list_is_signed_typed_and_says_how_long_it_holds() {
    let server = Server::start_with(&[("COUNTERSIGN_STATUS_LIST_TTL_SECONDS", "45")]);
    let world = server.world_with_lists();
    let place = server.place(&world.billing);
    let answer = server.list(&place.uri);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some(MEDIA_TYPE));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=1"));
    let claims = server.verified(&answer.text);
    assert_eq!((claims.sub.as_str(), claims.ttl), (place.uri.as_str(), Some(45)));
    assert_eq!((claims.iat, claims.exp), (NOW.seconds(), Some(NOW.seconds() + 300)));
    assert_eq!(claims.status_list.bits, 1);
    let list = StatusList::decode(&claims.status_list, 1 << 20).unwrap();
    assert_eq!((list.get(SIZE - 1), list.get(SIZE)), (Some(VALID), None), "2^20, and no more");

    // The same until it changes or half its time is over.
    server.look();
    assert_eq!(server.list(&place.uri).text, answer.text);
    server.clock.advance(Seconds(150));
    server.look();
    assert_eq!(server.verified(&server.list(&place.uri).text).iat, NOW.seconds() + 150);
}

#[test]
fn a_list_is_compressed_for_who_says_so_and_not_sent_twice() {
    let server = Server::start();
    let world = server.world_with_lists();
    let place = server.place(&world.billing);
    let path = place.uri.strip_prefix(ISSUER).unwrap();
    let ask =
        |method: &str, headers: &[(&str, &str)]| server.request(method, path, headers, Vec::new());
    // `curl` says nothing, a verifier that does gets gzip and unpacks it.
    let plain = ask("GET", &[("accept-encoding", "identity")]);
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    let head = ask("HEAD", &[("accept-encoding", "gzip")]);
    assert_eq!((head.status, head.header("content-encoding")), (200, Some("gzip")));
    let refused = ask("HEAD", &[("accept-encoding", "gzip;q=0, identity")]);
    assert_eq!(refused.header("content-encoding"), None);

    let (tag, gzip) = (plain.header("etag").unwrap(), head.header("etag").unwrap());
    assert_ne!(tag, gzip);
    let again = ask("GET", &[("if-none-match", tag), ("accept-encoding", "identity")]);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    server.revoke(Kind::Application, &world.billing.client_id);
    server.look();
    let changed = ask("GET", &[("if-none-match", tag), ("accept-encoding", "identity")]);
    assert_eq!(changed.status, 200);
}

/// §8.4, §9 and what is not there.
#[test]
fn what_is_asked_for_otherwise_is_answered_by_its_own_code() {
    let server = Server::start();
    let world = server.world_with_lists();
    let place = server.place(&world.billing);
    let path = place.uri.strip_prefix(ISSUER).unwrap();
    server.look();
    assert_eq!(server.get(&format!("{path}?time=1686925000")).status, 501);
    assert_eq!(server.get(&format!("{path}?x=1")).status, 200);
    assert_eq!(server.request("POST", path, &[], Vec::new()).status, 405);
    for unknown in ["x", "lst_01ARZ3NDEKTSV4RRFFQ69G5FAV", "lst_01arz3ndektsv4rrffq69g5fav"] {
        let answer = server.get(&format!("/oauth/status-lists/{unknown}"));
        assert_eq!(answer.status, 404, "{unknown}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let answer = server.get("/oauth/status-lists");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), serde_json::json!({ "status_lists": [place.uri] }));
}

#[test]
fn who_asks_for_lists_that_are_not_there_wears_out_no_database() {
    let server = Server::start();
    server.world_with_lists();
    let ask = |i: u32| server.get(&format!("/oauth/status-lists/lst_{i:026}")).status;
    let answers: Vec<_> = (0..60).map(ask).collect();
    assert_eq!(answers.iter().filter(|status| **status == 404).count(), 50);
    assert_eq!(answers.iter().filter(|status| **status == 503).count(), 10);
    server.clock.advance(Seconds(1));
    assert_eq!(ask(1), 404);
}

#[test]
fn a_revoked_token_is_marked_at_the_next_look_and_no_other_is() {
    let server = Server::start();
    let world = server.world_with_lists();
    let token = server.issue(&world.billing);
    let (revoked, other) = (place(&token).unwrap(), server.place(&world.billing));
    server.look();
    assert_eq!((server.status(&revoked), server.status(&other)), (VALID, VALID));
    server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    server.look();
    assert_eq!((server.status(&revoked), server.status(&other)), (INVALID, VALID));
}

#[test]
fn an_application_that_is_killed_takes_all_its_bits_and_nobody_elses() {
    let server = Server::start();
    let world = server.world_with_lists();
    let dead: Vec<_> = (0..20).map(|_| server.place(&world.billing)).collect();
    let living = server.place(&world.reporting);
    server.act(|conn, actor| applications::suspend(conn, actor, &world.billing.client_id));
    server.look();
    assert!(dead.iter().all(|place| server.status(place) == INVALID));
    assert_eq!(server.status(&living), VALID);
}

#[test]
fn a_secret_takes_its_own_tokens_and_not_those_of_another_or_later_ones() {
    let server = Server::start();
    let world = server.world_with_lists();
    let (_, value) = server.act(|conn, actor| {
        let new = countersign::model::secret::NewSecret { name: "two".into(), lifetime: None };
        countersign::admin::secrets::add(conn, actor, &world.billing.client_id, &new)
    });
    let second = Client { secret: value.to_string(), ..world.billing.clone() };
    let (first, other) = (server.place(&world.billing), server.place(&second));
    server.revoke(Kind::Secret, &world.billing.secret_id);
    server.clock.advance(Seconds(1));
    let later = server.place(&world.billing);
    server.look();
    let statuses = [&first, &other, &later].map(|place| server.status(place));
    assert_eq!(statuses, [INVALID, VALID, VALID]);
}

/// Whole lists, without a look at any token; what is issued afterwards goes to
/// a new one.
#[test]
fn a_resource_a_key_or_everything_that_is_revoked_is_lists_of_nothing_but_ones() {
    let server = Server::start();
    let world = server.world_with_lists();
    for (kind, subject) in
        [(Kind::Resource, BILLING_API), (Kind::Everything, ""), (Kind::Key, "its kid")]
    {
        let token = server.issue(&world.billing);
        let before = place(&token).unwrap();
        let kid = decode_header(&token).unwrap().kid.unwrap();
        server.revoke(kind, if kind == Kind::Key { &kid } else { subject });
        server.look();
        let claims = server.verified(&server.list(&before.uri).text);
        let list = StatusList::decode(&claims.status_list, 1 << 20).unwrap();
        assert!(list == StatusList::all_invalid(SIZE), "{kind}");
        server.clock.advance(Seconds(1));
        let after = server.place(&world.billing);
        assert_ne!(after.uri, before.uri, "{kind}");
        server.look();
        assert_eq!((server.status(&before), server.status(&after)), (INVALID, VALID), "{kind}");
    }
}

/// The waiting token is recorded when its request came, and issued later.
#[test]
fn a_token_that_waited_out_a_revocation_is_not_marked() {
    let server = Server::start();
    let world = server.world_with_lists();
    let dead = server.place(&world.billing);
    server.revoke(Kind::Application, &world.billing.client_id);
    let token = server.issue(&world.billing);
    assert_eq!(Server::claims(&token)["iat"], NOW.seconds() + 1);
    server.look();
    assert_eq!(server.status(&dead), INVALID);
    assert_eq!(server.status(&place(&token).unwrap()), VALID);
}

#[test]
fn a_restart_forgets_no_bit_and_says_nothing_before_it_knows() {
    let database = Arc::new(TestDatabase::new());
    let server = Server::start_on(database.clone(), &[]);
    let world = server.world_with_lists();
    let token = server.issue(&world.billing);
    let (one, whole) = (place(&token).unwrap(), server.place(&world.reporting));
    let living = server.place(&world.billing);
    server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    server.revoke(Kind::Application, &world.reporting.client_id);
    drop(server);

    let server = Server::start_on(database, &[]);
    let early = server.list(&one.uri);
    assert_eq!((early.status, early.header("retry-after")), (503, Some("2")));
    server.look();
    let statuses = [&one, &whole, &living].map(|place| server.status(place));
    assert_eq!(statuses, [INVALID, INVALID, VALID]);
    let next = server.place(&world.billing);
    assert_eq!(next.uri, living.uri, "an open list is gone on with");
    assert!(![one.idx, whole.idx, living.idx].contains(&next.idx));
}

#[test]
fn a_second_process_answers_for_the_lists_of_the_first_and_shares_no_index_with_it() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let world = first.world_with_lists();
    let second = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "second")]);
    second.look();
    let (here, there) = (first.place(&world.billing), second.place(&world.billing));
    assert_eq!(here.uri, there.uri, "one list serves all");
    assert_eq!(second.status(&here), VALID, "opened since it looked");
    assert_eq!(first.list(&there.uri).status, 200);

    let mut seen = HashSet::from([here.idx, there.idx]);
    for _ in 0..20 {
        assert!(seen.insert(first.place(&world.billing).idx));
        assert!(seen.insert(second.place(&world.billing).idx));
    }
    first.act(|conn, actor| applications::suspend(conn, actor, &world.billing.client_id));
    second.look();
    assert_eq!((second.status(&here), second.status(&there)), (INVALID, INVALID));
}

/// A process that has not heard of it goes on issuing from a list that is
/// marked as a whole: what it issues is good, and is taken out again.
#[test]
fn a_token_that_another_process_issued_after_a_revocation_is_spared() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let world = first.world_with_lists();
    let second = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "second")]);
    let before = second.place(&world.billing);
    first.revoke(Kind::Resource, BILLING_API);
    second.clock.advance(Seconds(1));
    let after = second.place(&world.billing);
    assert_eq!(after.uri, before.uri, "it has not heard of it");
    first.look();
    assert_eq!(first.status(&after), INVALID);
    first.clock.advance(Seconds(6));
    first.look();
    assert_eq!((first.status(&before), first.status(&after)), (INVALID, VALID));
    // Until the next revocation.
    first.revoke(Kind::Everything, "");
    first.look();
    assert_eq!(first.status(&after), INVALID);
}

#[test]
fn processes_that_lease_at_once_never_share_a_number() {
    let server = Server::start();
    let world = server.world_with_lists();
    server.place(&world.billing);
    let lists = server.read(|conn| status_lists::living(conn, NOW));
    let series = lists[0].series.clone();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (store, series) = (server.app.store.clone(), series.clone());
            std::thread::spawn(move || {
                let lease = || {
                    let times = (NOW, NOW);
                    store
                        .write_blocking(|conn| status_lists::lease(conn, &series, times, 10_000))
                        .unwrap()
                        .unwrap()
                };
                (0..10).map(|_| lease().sequence).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut leased: Vec<_> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    leased.sort_by_key(|sequence| sequence.start);
    assert!(leased.iter().all(|sequence| sequence.len() == 10_000));
    assert!(leased.windows(2).all(|pair| pair[0].end == pair[1].start));
}

#[test]
fn a_list_that_is_full_is_followed_by_another() {
    let server = Server::start();
    let world = server.world_with_lists();
    let first = server.place(&world.billing);
    server.database.execute("UPDATE status_lists SET leased = capacity").unwrap();
    // What is leased is used, and then comes the next list.
    let mut places = HashSet::from([(first.uri.clone(), first.idx)]);
    let lists = server.read(|conn| status_lists::living(conn, NOW));
    let series = lists[0].series.clone();
    let lease = || status_lists::lease;
    let full = server.read(|conn| lease()(conn, &series, (NOW, NOW), 1));
    assert!(full.is_none());
    for _ in 0..50 {
        let place = server.place(&world.billing);
        assert!(places.insert((place.uri, place.idx)));
    }
}

/// A token must not leave without the index it was to have.
#[test]
fn without_an_index_there_is_no_token() {
    let server = Server::start();
    let world = server.world_with_lists();
    server.database.refuse_inserts("status_lists");
    let answer = server.token(&world.billing, &[]);
    assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable".into()));
    assert_eq!(answer.header("retry-after"), Some("2"));
    server.database.allow_inserts("status_lists");
    assert_eq!(server.token(&world.billing, &[]).status, 200);
}

#[test]
fn lists_retire_when_their_last_token_has_expired() {
    let server = Server::start();
    let world = server.world_with_lists();
    let first = server.place(&world.billing);
    server.clock.advance(Seconds(600));
    let second = server.place(&world.billing);
    assert_ne!(first.uri, second.uri, "open for as long as its tokens live");
    server.look();
    assert_eq!(server.list(&first.uri).status, 200, "its last token may be living");
    server.clock.advance(Seconds(661));
    server.look();
    assert_eq!(server.list(&first.uri).status, 404);
    let listed = server.get("/oauth/status-lists").json();
    assert_eq!(listed, serde_json::json!({ "status_lists": [second.uri] }));

    let sweep = || {
        let lists = server.app.status_lists.clone();
        actix_web::rt::System::new().block_on(async move { lists.sweep().await }).unwrap();
        server.read(|conn| status_lists::living(conn, NOW)).len()
    };
    assert_eq!(sweep(), 2, "kept a while");
    server.clock.advance(Seconds(3_600));
    assert_eq!(sweep(), 1);
}

/// Expired tokens say nothing: `exp` comes first, then the status.
#[test]
fn an_index_is_never_used_again() {
    let server = Server::start();
    let world = server.world_with_lists();
    let mut seen = HashSet::new();
    for _ in 0..30 {
        let place = server.place(&world.billing);
        assert!(place.idx < SIZE);
        assert!(seen.insert((place.uri, place.idx)));
        server.clock.advance(Seconds(45));
        server.app.reconcile_keys();
    }
    let lists: HashSet<_> = seen.iter().map(|(uri, _)| uri).collect();
    assert!(lists.len() >= 3, "{}", lists.len());
}

/// The promise: a million tokens living, one in a thousand revoked.
#[test]
fn a_million_tokens_with_one_in_a_thousand_revoked_are_published_in_4_kib() {
    let server = Server::start();
    let (order, mut list) = (Order::new(&[7; 32]), StatusList::new(SIZE));
    for sequence in (0..1_000_000).step_by(1_000) {
        list.set(order.index(sequence), INVALID);
    }
    let draft = Draft {
        uri: format!("{ISSUER}/oauth/status-lists/lst_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        list_expires_at: NOW + Seconds(1_260),
        encoded: list.encode(),
        key: Key::default(),
    };
    let lst = draft.encoded.lst.len();
    let signed = Statement::sign(&server.app.keys, ISSUER, Seconds(30), draft, NOW).unwrap();
    let (token, gzip) = (signed.token.len(), signed.gzip.len());
    // For the record: `cargo test 4_kib -- --nocapture`.
    eprintln!("bytes: lst {lst}, JWT {token}, gzip {gzip}");
    assert!(gzip <= WIRE, "{gzip}");
    assert!(lst <= WIRE && token <= WIRE, "{lst}, {token}");
}

/// `cargo test --release --test suite how_long -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long_it_takes_to_mark_the_tokens_of_an_application() {
    let server = Server::start();
    let world = server.world_with_lists();
    let place = server.place(&world.billing);
    let (order, app) = (Order::new(&[9; 32]), server.app.clone());
    let issued = |sequence| {
        let mut event = Event::new(app.entropy.mark(NOW), NOW, "token.issued", Outcome::Success);
        event.client_id = Some(world.billing.client_id.clone());
        let reference = StatusReference { idx: order.index(sequence), uri: place.uri.clone() };
        event.token = Some(TokenFacts {
            resource: vec![BILLING_API.to_owned()],
            exp: Some(NOW.seconds() + 600),
            status_list: Some(reference),
            ..TokenFacts::default()
        });
        app.recorder.record(event)
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        for group in 0..25 {
            let group = (group * 4_000..(group + 1) * 4_000).map(issued);
            for recorded in futures_util::future::join_all(group).await {
                recorded.unwrap();
            }
        }
    });
    server.look();
    server.act(|conn, actor| applications::suspend(conn, actor, &world.billing.client_id));
    let started = Instant::now();
    server.look();
    eprintln!("100000 tokens of one application: {:?}", started.elapsed());
    server.revoke(Kind::Everything, "");
    let started = Instant::now();
    server.look();
    eprintln!("everything: {:?}", started.elapsed());
}
