//! Revocations by the status lists that tokens name.
use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::oauth::time::Seconds;
use countersign::verify::{Configuration, Refusal, Revocation, Verifier, What};
use serde_json::{Value, json};

use super::issuer::{Issuer, Key};
use super::{configuration, decide};
use crate::support::{ISSUER, NOW};

fn list(bytes: &[u8]) -> Value {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    let lst = URL_SAFE_NO_PAD.encode(encoder.finish().unwrap());
    json!({
        "sub": format!("{ISSUER}/lists/0"), "iat": NOW.seconds(), "exp": NOW.seconds() + 300,
        "ttl": 30, "status_list": { "bits": 1, "lst": lst },
    })
}

fn token(key: &Key, idx: u32, uri: &str) -> String {
    key.token(&json!({ "status": { "status_list": { "idx": idx, "uri": uri } } }))
}

fn world() -> (Arc<Key>, Issuer, Verifier) {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    issuer.script().lists = vec![list(&[0b0000_0010, 0])];
    let configuration = configuration(issuer.address, &issuer.clock);
    let verifier =
        Verifier::start(Configuration { revocation: Revocation::StatusList, ..configuration });
    (key, issuer, verifier.unwrap())
}

#[test]
fn a_token_is_what_its_bit_says() {
    let (key, issuer, verifier) = world();
    let uri = format!("{ISSUER}/lists/0");
    assert!(decide(&verifier, &token(&key, 0, &uri)).is_ok());
    assert_eq!(decide(&verifier, &token(&key, 1, &uri)).unwrap_err(), Refusal::Revoked);
    assert!(decide(&verifier, &token(&key, 15, &uri)).is_ok());
    assert_eq!(decide(&verifier, &token(&key, 16, &uri)).unwrap_err(), Refusal::NoStatus);
    assert_eq!(decide(&verifier, &key.token(&json!({}))).unwrap_err(), Refusal::NoStatus);
    assert_eq!(issuer.script().lists_asked, 1, "it is kept");
}

#[test]
fn a_list_is_fetched_again_after_its_ttl_and_not_relied_upon_after_its_end() {
    let (key, issuer, verifier) = world();
    let zero = token(&key, 0, &format!("{ISSUER}/lists/0"));
    assert!(verifier.verify_at_once(&zero, &super::scopes("")).is_none());
    assert!(decide(&verifier, &zero).is_ok());
    issuer.script().lists = vec![list(&[0b0000_0011, 0])];
    issuer.clock.advance(Seconds(29));
    assert!(decide(&verifier, &zero).is_ok());
    issuer.clock.advance(Seconds(1));
    assert_eq!(decide(&verifier, &zero).unwrap_err(), Refusal::Revoked);

    let seven = token(&key, 7, &format!("{ISSUER}/lists/0"));
    issuer.script().down = true;
    issuer.clock.advance(Seconds(269));
    assert!(decide(&verifier, &seven).is_ok(), "until it ends");
    issuer.clock.advance(Seconds(1));
    let gone = Refusal::Unavailable(What::StatusList);
    assert_eq!(decide(&verifier, &seven).unwrap_err(), gone);
}

#[test]
fn only_the_list_that_the_token_names_counts_and_only_of_the_issuer() {
    let (key, issuer, verifier) = world();
    let elsewhere = token(&key, 0, "https://evil.example/lists/0");
    assert_eq!(decide(&verifier, &elsewhere).unwrap_err(), Refusal::NoStatus);
    assert_eq!(issuer.script().lists_asked, 0);
    issuer.script().lists.push(list(&[0]));
    let other = token(&key, 0, &format!("{ISSUER}/lists/1"));
    let unavailable = Refusal::Unavailable(What::StatusList);
    assert_eq!(decide(&verifier, &other).unwrap_err(), unavailable, "its sub is another");
}
