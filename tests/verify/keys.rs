//! Keys come, go, and cannot be had.
use std::sync::Arc;

use countersign::oauth::time::Seconds;
use countersign::verify::{Configuration, Refusal, Verifier, What};
use serde_json::json;

use super::issuer::{Issuer, Key};
use super::{configuration, decide, eventually};

const NO_KEYS: Refusal = Refusal::Unavailable(What::Keys);

fn verifier(issuer: &Issuer) -> Verifier {
    Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap()
}

#[test]
fn a_new_key_is_good_as_soon_as_somebody_uses_it_and_an_old_one_until_it_goes() {
    let (old, new) = (Arc::new(Key::es256()), Arc::new(Key::es256()));
    let issuer = Issuer::start(&[&old]);
    let verifier = verifier(&issuer);
    assert!(decide(&verifier, &old.token(&json!({}))).is_ok());

    issuer.script().keys = vec![new.clone(), old.clone()];
    issuer.clock.advance(Seconds(10));
    assert!(decide(&verifier, &new.token(&json!({}))).is_ok());
    assert!(decide(&verifier, &old.token(&json!({}))).is_ok());
    assert_eq!(issuer.script().jwks_asked, 2);

    issuer.script().keys = vec![new.clone()];
    issuer.clock.advance(Seconds(10));
    assert_eq!(
        decide(&verifier, &Key::es256().token(&json!({}))).unwrap_err(),
        Refusal::UnknownKey
    );
    assert_eq!(decide(&verifier, &old.token(&json!({}))).unwrap_err(), Refusal::UnknownKey);
    assert!(decide(&verifier, &new.token(&json!({}))).is_ok());
}

/// Whoever makes up a `kid` must not make an API flood its issuer.
#[test]
fn strange_keys_make_the_issuer_be_asked_once_in_a_cool_down() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let verifier = verifier(&issuer);
    assert!(decide(&verifier, &key.token(&json!({}))).is_ok());
    for round in 1..=3 {
        for _ in 0..20 {
            let strange = Key::es256().token(&json!({}));
            assert_eq!(decide(&verifier, &strange).unwrap_err(), Refusal::UnknownKey);
        }
        assert_eq!(issuer.script().jwks_asked, round);
        issuer.clock.advance(Seconds(10));
    }
}

#[test]
fn who_does_not_wait_is_told_that_the_issuer_must_be_asked() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let verifier = verifier(&issuer);
    let nothing = super::scopes("");
    assert!(decide(&verifier, &key.token(&json!({}))).is_ok());
    let strange = Key::es256().token(&json!({}));
    let at_once = || verifier.verify_at_once(&strange, &nothing);
    assert_eq!(at_once().unwrap().unwrap_err(), Refusal::UnknownKey, "it was asked just now");
    issuer.clock.advance(Seconds(10));
    assert!(at_once().is_none());
}

#[test]
fn an_issuer_that_is_away_is_asked_again_and_known_keys_last_a_day() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    issuer.script().down = true;
    let verifier = verifier(&issuer);
    let token = key.token(&json!({"exp": 2_000_000_000}));
    assert_eq!(decide(&verifier, &token).unwrap_err(), NO_KEYS);
    eventually("it is asked again", || issuer.script().jwks_asked >= 3);
    issuer.script().down = false;
    eventually("the keys are here", || decide(&verifier, &token).is_ok());

    issuer.script().down = true;
    issuer.clock.advance(Seconds(10));
    assert_eq!(
        decide(&verifier, &Key::es256().token(&json!({}))).unwrap_err(),
        Refusal::UnknownKey
    );
    issuer.clock.advance(Seconds(86_300));
    assert!(decide(&verifier, &token).is_ok());
    issuer.clock.advance(Seconds(200));
    assert_eq!(decide(&verifier, &token).unwrap_err(), NO_KEYS);
}

#[test]
fn metadata_of_another_issuer_is_not_believed() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let configuration = configuration(issuer.address, &issuer.clock);
    let other = Configuration { issuer: "https://other.example".into(), ..configuration };
    let verifier = Verifier::start(other).unwrap();
    let token = key.token(&json!({"iss": "https://other.example"}));
    assert_eq!(decide(&verifier, &token).unwrap_err(), NO_KEYS);
    assert_eq!(issuer.script().jwks_asked, 0);
}
