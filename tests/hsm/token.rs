//! What a server does with keys in the token.
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::admin::{revocations, signing_keys as acts};
use countersign::keys::{MasterKey, import};
use countersign::model::signing_key::{Purpose, SigningKey, State};
use countersign::model::timetable::{self, RETENTION};
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::store::signing_keys;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;

use super::{session, start_on};
use crate::support::Server;
use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, Client};

const TOKENS: (Purpose, Algorithm) = (Purpose::AccessTokens, Algorithm::Es256);

/// The key that signed a token, which the published set verifies without us.
fn verified(server: &Server, token: &str) -> String {
    let set: JwkSet = serde_json::from_str(&server.get("/oauth/jwks.json").text).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let kid = header.kid.clone().unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    (validation.validate_aud, validation.validate_exp) = (false, false);
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    kid
}

fn ask(server: &Server, client: &Client, resource: &str) -> String {
    let answer = server.token(client, &[("resource", resource)]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn key(server: &Server, state: State) -> SigningKey {
    let keys = server.read(signing_keys::all);
    timetable::of(&keys, TOKENS.0, TOKENS.1, state).unwrap().clone()
}

fn sealed(key: &SigningKey) -> Vec<u8> {
    MasterKey::from_bytes([0x0f; 32]).open(&key.kid, &key.sealed_private_key).unwrap().to_vec()
}

fn objects(session: &Session, kid: &str) -> Vec<ObjectHandle> {
    let id = URL_SAFE_NO_PAD.decode(kid).unwrap();
    session.find_objects(&[Attribute::Id(id)]).unwrap()
}

#[test]
#[ignore = "scripts/hsm"]
fn keys_are_made_in_the_token_and_their_tokens_verify_anywhere() {
    let database = Arc::new(TestDatabase::new());
    let server = start_on(&database, &[]);
    let billing = server.world().billing;
    let mut apis = vec![(BILLING_API.to_owned(), billing.clone())];
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::EdDsa] {
        let api = format!("urn:api:{algorithm}");
        server.resource_with(&api, &["a"], algorithm);
        let client = server.application("worker", &[(&api, "a")]);
        apis.push((api, client));
    }
    let kids: Vec<String> =
        apis.iter().map(|(api, client)| verified(&server, &ask(&server, client, api))).collect();

    let session = session();
    let dump = database.dump();
    for key in server.read(signing_keys::all) {
        let reference = sealed(&key);
        assert_eq!(reference[..7], *b"pkcs11:");
        assert_eq!(URL_SAFE_NO_PAD.encode(&reference[7..]), key.kid);
        let digits: String = b"pkcs11:".iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!dump.contains(&digits), "even the reference is sealed");
        let [private] = objects(&session, &key.kid)
            .into_iter()
            .filter(|object| {
                let class = session.get_attributes(*object, &[AttributeType::Class]).unwrap();
                class == [Attribute::Class(ObjectClass::PRIVATE_KEY)]
            })
            .collect::<Vec<_>>()[..]
        else {
            panic!("one private key for each row")
        };
        let kept = [AttributeType::Sensitive, AttributeType::Extractable];
        let kept = session.get_attributes(private, &kept).unwrap();
        assert_eq!(kept, [Attribute::Sensitive(true), Attribute::Extractable(false)]);
        for secret in [AttributeType::PrivateExponent, AttributeType::Value] {
            let read = session.get_attributes(private, &[secret]).unwrap_or_default();
            assert!(read.is_empty(), "{} can be read", key.kid);
        }
    }

    drop(server);
    let again = start_on(&database, &[]);
    let found: Vec<String> =
        apis.iter().map(|(api, client)| verified(&again, &ask(&again, client, api))).collect();
    assert_eq!(found, kids, "a restart finds the same keys");
}

#[test]
#[ignore = "scripts/hsm"]
fn a_key_that_is_out_of_use_is_gone_from_the_token() {
    let server = start_on(&Arc::new(TestDatabase::new()), &[]);
    let billing = server.world().billing;
    let session = session();
    let (old, next) = (key(&server, State::Current), key(&server, State::Next));
    server.advance(Seconds::DAY);
    let policy = server.app.key_policy();
    server.act(|conn, actor| acts::rotate(conn, actor, TOKENS, policy));
    assert_eq!(verified(&server, &server.issue(&billing)), next.kid);
    assert_eq!(objects(&session, &old.kid).len(), 2, "its tokens still live");

    server.advance(RETENTION);
    server.app.reconcile_keys();
    assert!(objects(&session, &old.kid).is_empty());

    let stolen = key(&server, State::Current);
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Key, &stolen.kid, "stolen"));
    assert!(objects(&session, &stolen.kid).is_empty());
    assert_ne!(verified(&server, &server.issue(&billing)), stolen.kid);
}

#[test]
#[ignore = "scripts/hsm"]
fn keys_of_the_database_go_on_and_the_timetable_moves_into_the_token() {
    let database = Arc::new(TestDatabase::new());
    let before = Server::start_on(database.clone(), &[]);
    let billing = before.world().billing;
    let (old, next) = (key(&before, State::Current), key(&before, State::Next));
    drop(before);

    let server = start_on(&database, &[]);
    assert_eq!(verified(&server, &server.issue(&billing)), old.kid);
    server.advance(Seconds::days(90));
    server.app.reconcile_keys();
    assert_eq!(verified(&server, &server.issue(&billing)), next.kid, "it stood by");
    let made = key(&server, State::Next);
    assert!(sealed(&made).starts_with(b"pkcs11:"));
    server.advance(Seconds::days(90));
    server.app.reconcile_keys();
    assert_eq!(verified(&server, &server.issue(&billing)), made.kid);

    // What is brought along is sealed in the database, as ever.
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
               -----END PRIVATE KEY-----\n";
    let der = import::read(pem, Algorithm::EdDsa).unwrap();
    let now = server.app.clock.now();
    let pair = (Purpose::AccessTokens, Algorithm::EdDsa);
    let brought = server.app.keys.adopt(&der, pair, now).unwrap();
    assert!(!sealed(&brought).starts_with(b"pkcs11:"));

    // Under another master key the references are the same.
    let other = MasterKey::from_bytes([7; 32]);
    let resealed = server.app.keys.reseal(&made, &other).unwrap();
    assert_eq!(*other.open(&made.kid, &resealed).unwrap(), sealed(&made));
}

/// Nobody has to start the server again because somebody logged out.
#[test]
#[ignore = "scripts/hsm"]
fn a_session_that_is_lost_is_opened_again_once() {
    let server = start_on(&Arc::new(TestDatabase::new()), &[]);
    let billing = server.world().billing;
    let kid = verified(&server, &server.issue(&billing));
    session().logout().unwrap();
    assert_eq!(verified(&server, &server.issue(&billing)), kid);
}

#[test]
#[ignore = "scripts/hsm"]
fn a_row_that_names_another_key_does_not_open() {
    let database = Arc::new(TestDatabase::new());
    let server = start_on(&database, &[]);
    let (one, other) = (key(&server, State::Current), key(&server, State::Next));
    let master = MasterKey::from_bytes([0x0f; 32]);
    // Even who has the master key cannot make a row stand for another key.
    for sealed in
        [other.sealed_private_key.clone(), master.seal(&one.kid, &sealed(&other)).unwrap()]
    {
        let swapped = SigningKey { sealed_private_key: sealed, ..one.clone() };
        assert!(server.app.keys.load(&[swapped]).is_err());
    }
    server.app.keys.load(&[one]).unwrap();
}

/// Prints how fast it is; asserts nothing of it.
#[test]
#[ignore = "scripts/hsm --figures"]
#[expect(clippy::print_stdout, reason = "figures are what it is for")]
fn figures() {
    let server = start_on(&Arc::new(TestDatabase::new()), &[]);
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Ps256] {
        server.resource_with(&format!("urn:{algorithm}"), &["a"], algorithm);
        let kid = server.app.keys.current_kid(Purpose::AccessTokens, algorithm).unwrap();
        for threads in [1, 2] {
            let start = Instant::now();
            let counts = std::thread::scope(|scope| {
                let count = || {
                    let mut count = 0_u32;
                    while start.elapsed() < Duration::from_secs(2) {
                        let key = server.app.keys.clone();
                        let claims = serde_json::from_value(serde_json::json!({
                            "iss": "https://issuer.example", "sub": "m2m_1", "aud": "urn:a",
                            "exp": 2_000_000_000, "iat": 1_700_000_000, "jti": "1",
                            "client_id": "m2m_1", "scope": "a", "credential_id": "",
                        }))
                        .unwrap();
                        let signed = key.sign(algorithm, &claims, server.app.clock.now()).unwrap();
                        assert_eq!(signed.kid, kid);
                        count += 1;
                    }
                    count
                };
                let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
                running.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
            });
            println!("{algorithm}, {threads} threads: {} signatures/s", counts / 2);
        }
    }
}
