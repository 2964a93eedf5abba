//! `GET /oauth/revocations`: for verifiers that keep a set of their own.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use countersign::admin::revocations;
use countersign::oauth::revocation::{Kind, SubjectDigest};
use countersign::oauth::revocation_feed::Statement;
use countersign::oauth::time::Seconds;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};

use crate::support::{ISSUER, NOW, Server};

/// What a verifier reads out of a statement, its signature checked against the
/// published keys.
fn read(server: &Server, jwt: &str) -> Statement {
    let keys: JwkSet = serde_json::from_str(&server.get("/oauth/jwks.json").text).unwrap();
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    assert_eq!(header.typ.as_deref(), Some("revocations+jwt"));
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    jsonwebtoken::decode::<Statement>(jwt, &DecodingKey::from_jwk(key).unwrap(), &validation)
        .unwrap()
        .claims
}

#[test]
fn a_statement_tells_what_was_revoked_since_and_names_nobody() {
    let server = Server::start();
    let world = server.world();
    let empty = server.get("/oauth/revocations");
    assert_eq!(empty.header("content-type"), Some("application/revocations+jwt"));
    assert_eq!(empty.header("cache-control"), Some("public, max-age=1"));
    let before = read(&server, &empty.text);
    assert!(before.revocations.is_empty() && !before.more);
    assert_eq!((before.iss.as_str(), before.iat), (ISSUER, NOW.seconds()));

    let id = world.billing.client_id.as_str();
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Application, id, "why"));
    let since = |position: i64| {
        read(&server, &server.get(&format!("/oauth/revocations?since={position}")).text)
    };
    let told = since(before.position);
    assert_eq!(told.revocations.len(), 1);
    let subject = SubjectDigest::new(Kind::Application, id).encode();
    assert_eq!(told.revocations[0].subject, subject);
    assert_eq!(told.revocations[0].not_before, NOW.seconds() + 1);
    assert!(told.position > before.position);
    assert!(since(told.position).revocations.is_empty());
    assert_eq!(since(told.position + 1_000).since, 0, "it was restored from a backup");
    assert_eq!(server.get("/oauth/revocations?since=x").status, 400);
}

#[test]
fn an_unchanged_statement_is_304() {
    let server = Server::start();
    let world = server.world();
    let tag = server.get("/oauth/revocations").header("etag").unwrap().to_owned();
    let ask = || server.request("GET", "/oauth/revocations", &[("if-none-match", &tag)], vec![]);
    assert_eq!(ask().status, 304);
    server.act(|conn, actor| {
        revocations::revoke(conn, actor, Kind::Application, &world.billing.client_id, "why")
    });
    assert_eq!(ask().status, 200);
}

#[test]
fn what_has_expired_is_told_to_nobody() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    server.app.take_up_changes();
    let told = || read(&server, &server.get("/oauth/revocations").text).revocations.len();
    assert_eq!(told(), 1);
    server.advance(Seconds(601));
    server.app.take_up_changes();
    server.app.revocations.forget_expired();
    assert_eq!(told(), 0);
}

struct Receiver(BufReader<TcpStream>);

impl Receiver {
    fn connect(server: &Server, last_event_id: i64) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!(
            "GET /oauth/revocations HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\
             accept-encoding: gzip, br\r\nlast-event-id: {last_event_id}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event: its id and its data.
    fn next(&mut self) -> (i64, String) {
        let mut id = None;
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream ended");
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim().parse().ok();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (id.unwrap(), data.trim().to_owned());
            }
        }
    }
}

#[test]
fn a_stream_tells_what_was_missed_and_then_what_comes() {
    let server = Server::start();
    let world = server.world();
    let revoke = |subject: &str| {
        server
            .act(|conn, actor| revocations::revoke(conn, actor, Kind::Application, subject, "why"));
        server.app.revocations.position()
    };
    let first = revoke(&world.billing.client_id);
    let second = revoke(&world.reporting.client_id);
    let mut receiver = Receiver::connect(&server, first);
    let (id, data) = receiver.next();
    assert_eq!((id, read(&server, &data).revocations.len()), (second, 1), "only the second");

    let third = revoke(&world.mallory.client_id);
    let statement = server.app.revocations.statement(ISSUER, second);
    let jwt = server.app.keys.sign_status("revocations+jwt", &statement).unwrap();
    server
        .app
        .revocations
        .announce(countersign::revocations::Announcement { position: third, jwt });
    let (id, data) = receiver.next();
    let told = read(&server, &data);
    assert_eq!((id, told.since, told.revocations.len()), (third, second, 1));
}
