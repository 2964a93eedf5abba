//! Which tokens are good; those of a real server among them.
use std::sync::Arc;

use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::time::Seconds;
use countersign::verify::{Configuration, Refusal, Verifier};
use serde_json::json;

use super::issuer::{Issuer, Key};
use super::{configuration, decide, scopes, verifier_of};
use crate::support::world::BILLING_API;
use crate::support::{ISSUER, NOW, Server};

#[test]
fn a_token_of_the_server_is_good_for_its_api_and_its_scopes_until_it_expires() {
    let server = Server::start();
    let world = server.world();
    let answer = server.token(&world.billing, &[("scope", "invoices:read")]).json();
    let token = answer["access_token"].as_str().unwrap();
    let verifier = verifier_of(&server);

    let accepted = verifier.verify(token, &scopes("invoices:read")).unwrap();
    assert_eq!(accepted.claims.client_id, world.billing.client_id);
    assert_eq!(accepted.scope, scopes("invoices:read"));
    let required = scopes("invoices:write");
    assert_eq!(
        verifier.verify(token, &required).unwrap_err(),
        Refusal::InsufficientScope { required }
    );
    assert!(verifier.verify_at_once(token, &scopes("")).unwrap().is_ok(), "the keys are here");

    let ledger = Configuration {
        resource: "https://api.example.com/ledger".into(),
        ..configuration(server.address, &server.clock)
    };
    let ledger = Verifier::start(ledger).unwrap();
    assert_eq!(decide(&ledger, token).unwrap_err(), Refusal::WrongAudience);

    server.clock.advance(Seconds(599));
    assert!(decide(&verifier, token).is_ok());
    server.clock.advance(Seconds(1));
    assert_eq!(decide(&verifier, token).unwrap_err(), Refusal::Expired);
}

#[test]
fn every_algorithm_of_the_server_is_verified_and_only_those_allowed() {
    let keys = Algorithm::ALL.map(|algorithm| Arc::new(Key::new(algorithm)));
    let issuer = Issuer::start(&keys.each_ref());
    let all = Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap();
    let es256 = Configuration {
        algorithms: vec![Algorithm::Es256],
        ..configuration(issuer.address, &issuer.clock)
    };
    let es256 = Verifier::start(es256).unwrap();
    for key in keys {
        let token = key.token(&json!({}));
        assert!(decide(&all, &token).is_ok(), "{}", key.pair.algorithm());
        let strict = decide(&es256, &token).map(|_| ());
        match key.pair.algorithm() {
            Algorithm::Es256 => assert_eq!(strict, Ok(())),
            _ => assert_eq!(strict, Err(Refusal::WrongAlgorithm)),
        }
    }
}

#[test]
fn each_claim_is_what_it_must_be() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let verifier = Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap();
    let now = NOW.seconds();
    let refused = |changes: serde_json::Value| decide(&verifier, &key.token(&changes)).err();

    assert_eq!(refused(json!({})), None);
    assert_eq!(refused(json!({"aud": ["urn:other", BILLING_API]})), None, "one of several");
    assert_eq!(refused(json!({"nbf": now, "unknown": {"a": 1}})), None);
    for (changes, refusal) in [
        (json!({"iss": format!("{ISSUER}/")}), Refusal::WrongIssuer),
        (json!({"aud": format!("{BILLING_API}/")}), Refusal::WrongAudience),
        (json!({"aud": []}), Refusal::WrongAudience),
        (json!({"exp": now}), Refusal::Expired),
        (json!({"exp": i64::MIN}), Refusal::Expired),
        (json!({"iat": now + 1}), Refusal::NotYetValid),
        (json!({"nbf": now + 1}), Refusal::NotYetValid),
        (json!({"client_id": ""}), Refusal::Malformed),
        (json!({"jti": ""}), Refusal::Malformed),
        (json!({"scope": "a  b"}), Refusal::Malformed),
        (json!({"exp": "never"}), Refusal::Malformed),
        (json!({"nbf": "soon"}), Refusal::Malformed),
    ] {
        assert_eq!(refused(changes.clone()), Some(refusal), "{changes}");
    }
    for claim in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
        assert_eq!(refused(json!({ claim: null })), Some(Refusal::Malformed), "{claim}");
    }
}

#[test]
fn clocks_may_differ_by_the_leeway_and_a_leeway_by_a_minute() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let with = |leeway| {
        let configuration = configuration(issuer.address, &issuer.clock);
        Verifier::start(Configuration { leeway: Seconds(leeway), ..configuration })
    };
    let verifier = with(60).unwrap();
    let now = NOW.seconds();
    assert!(decide(&verifier, &key.token(&json!({"exp": now - 59, "iat": now + 60}))).is_ok());
    let late = key.token(&json!({"exp": now - 60}));
    assert_eq!(decide(&verifier, &late).unwrap_err(), Refusal::Expired);
    let early = key.token(&json!({"iat": now + 61}));
    assert_eq!(decide(&verifier, &early).unwrap_err(), Refusal::NotYetValid);
    assert!(with(61).is_err() && with(-1).is_err());
}

#[test]
fn a_signature_counts_only_from_the_key_that_is_named() {
    let (key, other) = (Arc::new(Key::es256()), Key::es256());
    let issuer = Issuer::start(&[&key]);
    let verifier = Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap();
    let good = key.token(&json!({}));
    assert!(decide(&verifier, &good).is_ok());

    let forged = Key { kid: key.kid.clone(), ..Key::es256() }.token(&json!({}));
    assert_eq!(decide(&verifier, &forged).unwrap_err(), Refusal::BadSignature);
    assert_eq!(decide(&verifier, &other.token(&json!({}))).unwrap_err(), Refusal::UnknownKey);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let greedy = other.token(&json!({"scope": "admin"}));
    let body = greedy.split('.').nth(1).unwrap();
    let spliced = format!("{header}.{body}.{signature}");
    assert_eq!(decide(&verifier, &spliced).unwrap_err(), Refusal::BadSignature);
    let none = format!("{signed}.");
    assert_eq!(decide(&verifier, &none).unwrap_err(), Refusal::BadSignature);
    let long = format!("{good}{}", "A".repeat(8 * 1_024));
    assert_eq!(decide(&verifier, &long).unwrap_err(), Refusal::TooLong);
}
