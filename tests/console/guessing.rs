//! Guessing passwords: slow for whoever guesses, and no hindrance to the person.
use std::time::Instant;

use countersign::admin::actor::Who;
use countersign::admin::guard::{self, Attempt, Verdict};
use countersign::admin::{Actor, administrators};
use countersign::model::audit_event::Source;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::PASSWORD;
use crate::support::http::{Answer, form};

fn behind_a_proxy() -> Server {
    let server = Server::start_with(&[("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1")]);
    server.administrator("owner");
    server
}

/// A sign-in from an address, with a device cookie or without.
fn from(server: &Server, address: &str, email: &str, password: &str, cookie: &str) -> Answer {
    let headers = [
        ("x-forwarded-for", address),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", cookie),
    ];
    let fields = [("email", email), ("password", password)];
    server.request("POST", "/sign-in", &headers, form(&fields))
}

/// The cookie by which the browser is known later.
fn device(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let found = cookies.filter_map(|value| value.to_str().ok()).find(|v| v.contains("-device="));
    let cookie = found.unwrap();
    for attribute in ["__Host-countersign-device=", "HttpOnly", "Secure", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

const OWNER: &str = "owner@example.com";

/// OWASP ASVS 5.0 §6.3.1.
#[test]
fn each_failure_doubles_the_wait_and_it_ends_by_itself() {
    let server = behind_a_proxy();
    for _ in 0..5 {
        assert_eq!(from(&server, "203.0.113.9", OWNER, "wrong", "").status, 422);
    }
    let mut waits = Vec::new();
    for _ in 0..6 {
        let held = from(&server, "203.0.113.9", OWNER, PASSWORD, "");
        assert_eq!(held.status, 429, "the right password does not help before");
        let wait: i64 = held.header("retry-after").unwrap().parse().unwrap();
        waits.push(wait - 1);
        server.advance(Seconds(wait));
        assert_eq!(from(&server, "203.0.113.9", OWNER, "wrong", "").status, 422);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32]);
    assert_eq!(from(&server, "203.0.113.10", OWNER, PASSWORD, "").status, 303, "elsewhere");
    server.advance(Seconds(15 * 60));
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, "").status, 303);
    assert_eq!(from(&server, "203.0.113.9", OWNER, "wrong", "").status, 422, "begun anew");
}

/// ASVS §6.3.8: an account that nobody has is held up in the same way.
#[test]
fn an_unknown_account_is_held_up_like_a_known_one() {
    let server = behind_a_proxy();
    let answers = |address: &str, email: &str| {
        let answers: Vec<_> = (0..7)
            .map(|_| {
                let answer = from(&server, address, email, "wrong", "");
                (answer.status, answer.texts("h1"), answer.header("retry-after").map(str::to_owned))
            })
            .collect();
        answers
    };
    let known = answers("203.0.113.1", OWNER);
    assert_eq!(known, answers("203.0.113.2", "nobody@example.com"));
    assert_eq!(known.last().unwrap().0, 429);
}

/// Nor does the time tell: a password is hashed for whomever it is said to be. An
/// answer without a hash takes a fiftieth; what else runs on a machine only adds to
/// a time, so the fastest of some tries counts, and it may be a fifth.
#[test]
fn an_unknown_account_takes_as_long_as_a_known_one() {
    let server = behind_a_proxy();
    let suspended = server.administrator("admin");
    server.act(|conn, actor| administrators::suspend(conn, actor, &suspended));
    let fastest = |network: u8, email: &str| {
        let tries = (0..6).map(|number| {
            let address = format!("198.51.{network}.{number}");
            let began = Instant::now();
            assert_eq!(from(&server, &address, email, "a wrong pass phrase", "").status, 422);
            began.elapsed().as_secs_f64()
        });
        tries.fold(f64::MAX, f64::min)
    };
    let known = fastest(1, OWNER);
    for (network, email) in [(2, "nobody@example.com"), (3, "admin@example.com"), (4, "no address")]
    {
        let other = fastest(network, email);
        assert!(other > known / 5.0, "{email}: {other} s, and not {known} s");
    }
}

/// The wait is in the database: another server, and the same after a restart,
/// knows it.
#[test]
fn all_servers_count_together() {
    let server = behind_a_proxy();
    let settings = [("COUNTERSIGN_INSTANCE", "two"), ("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1")];
    let other = Server::start_on(server.database.clone(), &settings);
    for turn in 0..5 {
        let at = if turn % 2 == 0 { &server } else { &other };
        assert_eq!(from(at, "203.0.113.9", OWNER, "wrong", "").status, 422);
    }
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, "").status, 429);
    assert_eq!(from(&other, "203.0.113.9", OWNER, PASSWORD, "").status, 429);
}

/// Of many attempts at once no more are let through than one by one.
#[test]
fn guesses_at_the_same_time_get_no_further() {
    let server = behind_a_proxy();
    let through: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| from(&server, "203.0.113.9", OWNER, "wrong", "").status))
            .collect();
        workers.into_iter().map(|w| usize::from(w.join().unwrap() == 422)).sum()
    });
    assert!((1..=5).contains(&through), "{through}");
}

/// OWASP, "device cookies": nobody else charges a browser that is known.
#[test]
fn a_browser_that_signed_in_before_is_not_held_up_by_others() {
    let server = behind_a_proxy();
    let cookie = device(&from(&server, "203.0.113.9", OWNER, PASSWORD, ""));
    for _ in 0..40 {
        from(&server, "203.0.113.9", OWNER, "wrong", "");
    }
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, "").status, 429);
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, &cookie).status, 303);

    // It opens nothing, is for its own account, and has a count of its own.
    let other = "admin@example.com";
    server.administrator("admin");
    for _ in 0..5 {
        from(&server, "203.0.113.77", other, "wrong", &cookie);
    }
    assert_eq!(from(&server, "203.0.113.77", other, PASSWORD, &cookie).status, 429);
    for _ in 0..10 {
        assert_eq!(from(&server, "203.0.113.9", OWNER, "wrong", &cookie).status, 422);
    }
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, &cookie).status, 429);
    let forged = "__Host-countersign-device=made-up";
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, forged).status, 429);
}

/// 10,000 from one address, and the person at the same address in the browser
/// they know, and elsewhere in any.
#[test]
fn ten_thousand_guesses_from_one_address_do_not_keep_the_person_out() {
    let server = behind_a_proxy();
    let cookie = device(&from(&server, "203.0.113.9", OWNER, PASSWORD, ""));
    let mut looked_at = 0;
    for turn in 0..500 {
        let answer = from(&server, "203.0.113.9", OWNER, "wrong", "");
        looked_at += usize::from(answer.status == 422);
        assert!(matches!(answer.status, 422 | 429), "{turn}: {}", answer.status);
    }
    // The rest without HTTP: it is the same decision.
    let attempt = Attempt {
        is_code: false,
        address: Some("203.0.113.9".parse().unwrap()),
        email: OWNER.to_owned(),
        is_known: true,
        device: None,
    };
    for _ in 0..9_500 {
        let now = server.clock.now();
        let verdict = server.read(|conn| guard::look(conn, &attempt, now));
        looked_at += usize::from(verdict == Verdict::Go);
    }
    assert_eq!(looked_at, 5, "of ten thousand passwords five were looked at");
    assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, &cookie).status, 303);
    assert_eq!(from(&server, "203.0.113.10", OWNER, PASSWORD, "").status, 303);

    // Each is in the log, and the log is not full of them.
    server.advance(Seconds(60));
    server.count();
    let counted = server.events("session.denied_repeatedly");
    let counted: u64 = counted.iter().map(|event| event.flood.as_ref().unwrap().count).sum();
    let written = server.events("session.denied").len();
    assert_eq!(u64::try_from(written).unwrap() + counted, 500);
    assert!(written <= 40, "{written}");
}

/// 10,000 addresses with a guess each: the account is locked for nobody.
#[test]
fn ten_thousand_guesses_from_as_many_addresses_do_not_keep_the_person_out() {
    let server = behind_a_proxy();
    let now = server.clock.now();
    server
        .app
        .store
        .write_blocking(|conn| {
            for number in 0..10_000_u32 {
                let attempt = Attempt {
                    is_code: false,
                    address: Some((0xC612_0000_u32 + number).to_be_bytes().into()),
                    email: OWNER.to_owned(),
                    is_known: true,
                    device: None,
                };
                assert_eq!(guard::charge(conn, &attempt, now)?, Verdict::Go);
            }
            Ok::<_, countersign::store::Error>(())
        })
        .unwrap();
    assert_eq!(from(&server, "203.0.113.10", OWNER, PASSWORD, "").status, 303);
    let page = server.browser();
    page.sign_in(OWNER, PASSWORD);
    let accounts = page.get("/sign-in-attempts").texts("[aria-labelledby=s-accounts] tbody tr");
    assert!(accounts[0].starts_with("owner@example.com10,00010,000"), "{accounts:?}");
}

/// While strangers keep every turn of Argon2 taken, they are sent away, and
/// who is known is served.
#[test]
fn when_too_much_is_to_be_hashed_strangers_are_sent_away_and_who_is_known_is_not() {
    let server = behind_a_proxy();
    let cookie = device(&from(&server, "203.0.113.9", OWNER, PASSWORD, ""));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut turns = Vec::new();
    let lane = countersign::web::hashing::Lane::Stranger;
    for _ in 0..2 {
        turns.push(runtime.block_on(server.app.hashing.turn(lane)).unwrap());
    }
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..40_u8)
            .map(|number| {
                let address = format!("198.51.100.{number}");
                let server = &server;
                scope.spawn(move || {
                    let answer = from(server, &address, OWNER, "wrong", "");
                    (answer.status, answer.header("retry-after").map(str::to_owned))
                })
            })
            .collect();
        assert_eq!(from(&server, "203.0.113.9", OWNER, PASSWORD, &cookie).status, 303);
        while waiting.iter().filter(|worker| worker.is_finished()).count() < 24 {
            std::thread::yield_now();
        }
        drop(turns);
        let answers: Vec<_> = waiting.into_iter().map(|w| w.join().unwrap()).collect();
        let busy: Vec<_> = answers.iter().filter(|(status, _)| *status == 503).collect();
        assert_eq!(busy.len(), 24, "{answers:?}");
        assert!(busy.iter().all(|(_, wait)| wait.as_deref() == Some("3")));
    });
    assert_eq!(from(&server, "198.51.100.39", OWNER, PASSWORD, "").status, 303, "not charged");
}

#[test]
fn an_owner_sees_the_attempts_and_blocks_an_address_for_a_time() {
    let server = behind_a_proxy();
    for _ in 0..3 {
        from(&server, "203.0.113.9", "hunter2-secret", "wrong", "");
    }
    let owner = server.browser();
    owner.sign_in(OWNER, PASSWORD);
    let page = owner.get("/sign-in-attempts");
    assert!(page.text.contains("203.0.113.9/32") && page.text.contains("hun…"));
    assert!(!page.text.contains("hunter2"), "it may be a password");

    let block = |network: &str| {
        let fields = [("network", network), ("length", "3600"), ("reason", "guessing")];
        owner.post("/sign-in-attempts/blocks", &fields)
    };
    for wrong in ["", "0.0.0.0/0", "127.0.0.1", "127.0.0.0/8"] {
        let refused = block(wrong);
        assert_eq!((refused.status, refused.texts(".problem li").len()), (422, 1), "{wrong}");
    }
    assert_eq!(block("203.0.113.0/24").status, 303);
    let held = from(&server, "203.0.113.200", OWNER, PASSWORD, "");
    assert_eq!((held.status, held.header("retry-after")), (429, Some("3600")));
    assert_eq!(
        server.events("session.denied").last().unwrap().reason.as_deref(),
        Some("address_blocked")
    );
    assert_eq!(from(&server, "203.0.114.1", OWNER, PASSWORD, "").status, 303);

    let lift = [("network", "203.0.113.0/24")];
    assert_eq!(owner.post("/sign-in-attempts/blocks/deletion", &lift).status, 303);
    assert_eq!(from(&server, "203.0.113.200", OWNER, PASSWORD, "").status, 303);
    assert_eq!(block("203.0.113.0/24").status, 303);
    server.advance(Seconds(3_600));
    assert_eq!(from(&server, "203.0.113.200", OWNER, PASSWORD, "").status, 303, "it ends");
    assert_eq!(server.events("sign_in_block.added").len(), 2);
    assert_eq!(server.events("sign_in_block.removed").len(), 1);
}

/// ASVS §14.2.7: what is over is forgotten.
#[test]
fn attempts_and_blocks_that_are_over_are_swept() {
    let server = behind_a_proxy();
    from(&server, "203.0.113.9", OWNER, "wrong", "");
    let source = Source::new(Some("192.0.2.1".into()), None);
    let actor = Actor { who: Who::Operator { name: "root".into() }, source, ..server.operator() };
    let block = |network: &str| {
        let blocked = server
            .app
            .store
            .write_blocking(|conn| guard::block(conn, &actor, network, Seconds(3_600), ""));
        blocked.map(drop)
    };
    assert!(block("198.51.100.1").is_ok());
    assert!(block("192.0.2.0/24").is_err(), "the address of who acts");
    let later = server.clock.now() + Seconds::DAY + Seconds(1);
    server.app.store.write_blocking(|conn| guard::sweep(conn, later)).unwrap();
    assert!(server.read(|conn| countersign::store::sign_ins::by_address(conn, 9)).is_empty());
    let now = server.clock.now();
    assert!(server.read(|conn| countersign::store::sign_ins::blocks(conn, now)).is_empty());
}
