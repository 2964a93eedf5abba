//! RFC 6749 §2.3: who the client is, and what a refusal gives away.
use countersign::admin::secrets::Tokens;
use countersign::admin::{applications, secrets};
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::http::{Answer, basic};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// RFC 6749 §5.2: unknown, wrong, expired, revoked, suspended and deleted look the
/// same but for the id of the request; the truth stands in the log, with the
/// secret that was presented.
#[test]
fn every_failed_authentication_looks_the_same_and_is_recorded_as_what_it_was() {
    let server = Server::start();
    let world = server.world();
    let new = NewSecret { name: "short".into(), lifetime: Some(Seconds(86_400)) };
    let (short_secret, short) =
        server.act(|conn, actor| secrets::add(conn, actor, &world.billing.client_id, &new));
    server.advance(Seconds(86_400));
    server.act(|conn, actor| {
        secrets::revoke(
            conn,
            actor,
            &world.reporting.client_id,
            &world.reporting.secret_id,
            Tokens::Keep,
        )
    });
    server.act(|conn, actor| applications::suspend(conn, actor, &world.mallory.client_id));
    let gone = server.application("gone", &[]);
    server.act(|conn, actor| applications::delete(conn, actor, &gone.client_id));

    let ask = |id: &str, secret: &str| {
        server.token_request(&[("authorization", &basic(id, secret))], &[GRANT])
    };
    let answers = [
        ask("m2m_AAAAAAAAAAAAAAAAAAAAAA", "csk_x"),
        ask("somebody", "csk_x"),
        ask(&world.billing.client_id, "csk_x"),
        ask(&world.billing.client_id, &short),
        ask(&world.reporting.client_id, &world.reporting.secret),
        ask(&world.mallory.client_id, &world.mallory.secret),
        ask(&gone.client_id, &gone.secret),
        ask(&gone.client_id, &world.mallory.secret),
    ];

    let seen = |answer: &Answer| {
        let names = ["www-authenticate", "cache-control", "content-type", "content-length"];
        let headers = names.map(|name| answer.header(name).unwrap().to_owned());
        let id = answer.header("x-request-id").unwrap();
        assert!(answer.text.contains(id), "{}", answer.text);
        (answer.status, headers, answer.text.replace(id, ""))
    };
    assert_eq!(answers[0].status, 401);
    assert!(answers.iter().all(|answer| seen(answer) == seen(&answers[0])));
    let told: Vec<_> = server
        .events("token.denied")
        .into_iter()
        .map(|event| (event.reason.unwrap(), event.actor.credential_id))
        .collect();
    let told: Vec<_> =
        told.iter().map(|(reason, secret)| (reason.as_ref(), secret.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("unknown_client", None),
            ("unknown_client", None),
            ("bad_secret", None),
            ("secret_expired", Some(short_secret.id.as_str())),
            ("secret_revoked", Some(world.reporting.secret_id.as_str())),
            ("client_suspended", Some(world.mallory.secret_id.as_str())),
            ("client_deleted", Some(gone.secret_id.as_str())),
            ("unknown_client", None),
        ]
    );
}

/// RFC 6749 §2.3.1, and RFC 9110 §15.5.2: a 401 always has a challenge.
#[test]
fn header_and_body_both_work_and_a_refusal_always_has_a_challenge() {
    let server = Server::start();
    let billing = server.world().billing;
    let (id, secret) = (billing.client_id.as_str(), billing.secret.as_str());

    let posted = server.token_request(&[], &[GRANT, ("client_id", id), ("client_secret", secret)]);
    assert_eq!(posted.status, 200, "{}", posted.text);
    let methods: Vec<_> =
        server.events("token.issued").into_iter().map(|e| e.actor.method.unwrap()).collect();
    assert_eq!(methods, ["client_secret_post"]);

    for parameters in [
        vec![GRANT],
        vec![GRANT, ("client_id", id)],
        vec![GRANT, ("client_id", id), ("client_secret", "")],
        vec![GRANT, ("client_id", id), ("client_secret", " ")],
        vec![GRANT, ("client_secret", secret)],
        vec![GRANT, ("client_id", id), ("client_assertion", "a.b.c")],
    ] {
        let answer = server.token_request(&[], &parameters);
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (401, "invalid_client"),
            "{parameters:?}"
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Basic realm="countersign", charset="UTF-8""#)
        );
    }
}

/// RFC 6749 §2.3: one method in one request.
#[test]
fn two_ways_in_one_request_are_refused() {
    let server = Server::start();
    let billing = server.world().billing;
    let header = basic(&billing.client_id, &billing.secret);
    let (id, secret) = (billing.client_id.as_str(), billing.secret.as_str());

    let both = [GRANT, ("client_id", id), ("client_secret", secret)];
    let answer = server.token_request(&[("authorization", &header)], &both);
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"));

    let named = server.token_request(&[("authorization", &header)], &[GRANT, ("client_id", id)]);
    assert_eq!(named.status, 200, "the same client named twice is one client");
    let other = [GRANT, ("client_id", "m2m_other")];
    let answer = server.token_request(&[("authorization", &header)], &other);
    assert_eq!((answer.status, answer.error().as_str()), (401, "invalid_client"));
}

#[test]
fn what_cannot_be_read_as_basic_is_invalid_client() {
    let server = Server::start();
    server.world();
    for bad in ["Basic", "Basic !!!", "Basic YQ==", "Bearer abc", "Negotiate abc"] {
        let answer = server.token_request(&[("authorization", bad)], &[GRANT]);
        assert_eq!((answer.status, answer.error().as_str()), (401, "invalid_client"), "{bad}");
    }
}

/// People type a secret where the id belongs: the log keeps only its start.
#[test]
fn a_secret_in_the_place_of_an_id_is_not_kept() {
    let server = Server::start();
    let billing = server.world().billing;
    let parameters = [GRANT, ("client_id", billing.secret.as_str()), ("client_secret", "x")];
    assert_eq!(server.token_request(&[], &parameters).status, 401);
    let event = server.events("token.denied").remove(0);
    assert!(!event.body().contains(&billing.secret[..12]), "{}", event.body());
}

/// A client that form-encodes its credentials and one that does not both work.
#[test]
fn credentials_work_raw_and_form_encoded() {
    let server = Server::start();
    let billing = server.world().billing;
    let encode = |text: &str| text.replace('_', "%5F").replace('-', "%2D");
    let encoded = basic(&encode(&billing.client_id), &encode(&billing.secret));
    assert_eq!(server.token_request(&[("authorization", &encoded)], &[GRANT]).status, 200);
}
