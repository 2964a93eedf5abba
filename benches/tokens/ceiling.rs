//! The ceiling: what no token server on this stack can do without.
//!
//! In: actix-web with the workers that Countersign gets, its reading of body,
//! form and `Basic` credentials, SHA-256 of the secret against a map in memory,
//! an id and a salt from the machine's generator, an ES256 signature with a
//! parsed key, and for each token a row with Countersign's columns, indexes and
//! about as many bytes, in group commits of one thread to SQLite
//! (WAL, `synchronous=FULL`), checkpoints beside it, with the same cache and allocator; the answer, with the
//! headers that RFC 6749 §5.1 asks for, leaves after the commit.
//!
//! For introspection and the gate a bare handler of the same shape: it reads what
//! must be read (the form and the credential; the headers) and answers with as
//! many headers and bytes.
//!
//! Out: grants and scopes, limits, revocation, the flood rule, hashing rows and
//! chaining batches, metrics, logs, request ids, deadlines, `jsonwebtoken` and
//! Diesel. Rows go in by one prepared statement through `rusqlite`, the JSON of
//! a row and of a token by `format!`.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::anyhow;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::host::{Clock, Entropy};
use countersign::oauth::client_secret::Digest;
use countersign::oauth::form::Form;
use countersign::protocol::{body, failure::uncached};
use countersign::store::{Database, Store};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::clients;
use crate::seed::{RESOURCE, SCOPE};

/// As in Countersign: the most rows of a commit, and how long the log may get.
const GROUP: usize = 512;
const WAL_BYTES: u64 = 64 * 1_024 * 1_024;
const CHECKPOINT: Duration = Duration::from_millis(300);

const SETTINGS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; \
     PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; \
     PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-32768;";

const INSERT: &str = "INSERT INTO audit_events (chain, position, batch, id, at, category, code, \
     outcome, reason, client_id, resource, body, salt) \
     VALUES ('main', ?1, ?2, ?3, ?4, 'token', 'token.issued', 'success', NULL, ?5, ?6, ?7, ?8)";

const KID: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

struct Ceiling {
    clients: HashMap<String, Digest>,
    key: EcdsaKeyPair,
    /// The first part of every token.
    header: String,
    random: SystemRandom,
    log: SyncSender<(Row, oneshot::Sender<()>)>,
}

struct Row {
    id: String,
    at: i64,
    client_id: String,
    body: String,
    salt: [u8; 16],
}

pub fn serve(
    listen: SocketAddr,
    workers: usize,
    data: &Path,
    clients: &Path,
) -> anyhow::Result<()> {
    let path = data.join("ceiling.db");
    // Countersign's own migrations: the same table, indexes and triggers.
    drop(Store::open(Database::Sqlite { path: path.display().to_string() }, 1)?);
    let (log, inbox) = sync_channel(16_384);
    let (beside, conn) = (connect(&path)?, connect(&path)?);
    std::thread::spawn(move || checkpoint(&beside));
    std::thread::spawn(move || write(&conn, &path.with_extension("db-wal"), &inbox));
    let header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{KID}"}}"#);
    let ceiling = web::Data::from(Arc::new(Ceiling {
        clients: clients::read(clients)?
            .into_iter()
            .map(|client| (client.id, Digest::of(&client.secret)))
            .collect(),
        key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("no key"))?,
        header: URL_SAFE_NO_PAD.encode(header),
        random: SystemRandom::new(),
        log,
    }));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(ceiling.clone())
            .route("/gate", web::get().to(gate))
            .route("/oauth/introspect", web::post().to(introspect))
            .route("/oauth/token", web::post().to(token))
    });
    let server = server.client_request_timeout(Duration::from_secs(5)).workers(workers);
    let server = server.bind(listen)?.run();
    Ok(actix_web::rt::System::new().block_on(server)?)
}

async fn token(
    request: HttpRequest,
    payload: web::Payload,
    ceiling: web::Data<Ceiling>,
) -> HttpResponse {
    let Ok(body) = body::read(&request, payload).await else {
        return HttpResponse::BadRequest().finish();
    };
    let Some((token, row)) = ceiling.issue(&request, &body) else {
        return HttpResponse::Unauthorized().finish();
    };
    let (done, committed) = oneshot::channel();
    if ceiling.log.try_send((row, done)).is_err() || committed.await.is_err() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    uncached(StatusCode::OK).content_type("application/json").body(format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":600,"scope":"{SCOPE}"}}"#
    ))
}

async fn gate(request: HttpRequest) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let original = header("x-original-method").zip(header("x-original-uri"));
    if bearer.is_none() || original.is_none() {
        return HttpResponse::Forbidden().finish();
    }
    uncached(StatusCode::OK)
        .insert_header(("x-client-id", "m2m_0123456789abcdefghijkl"))
        .insert_header(("x-scope", SCOPE))
        .insert_header(("x-token-id", "01K00000000000000000000000"))
        .finish()
}

async fn introspect(
    request: HttpRequest,
    payload: web::Payload,
    ceiling: web::Data<Ceiling>,
) -> HttpResponse {
    let Ok(body) = body::read(&request, payload).await else {
        return HttpResponse::BadRequest().finish();
    };
    let known = ceiling.authenticate(&request).is_some();
    if !known || Form::parse(&body).is_ok_and(|form| form.get("token").is_none()) {
        return HttpResponse::Unauthorized().finish();
    }
    let client = "m2m_0123456789abcdefghijkl";
    uncached(StatusCode::OK).content_type("application/json").body(format!(
        r#"{{"active":true,"iss":"http://localhost:8080","sub":"{client}","aud":"{RESOURCE}","client_id":"{client}","exp":1700000000,"iat":1700000000,"jti":"01K00000000000000000000000","scope":"{SCOPE}","token_type":"Bearer"}}"#
    ))
}

impl Ceiling {
    /// The client id, when the secret is its own.
    fn authenticate(&self, request: &HttpRequest) -> Option<String> {
        let basic = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (client_id, secret) = pair.split_once(':')?;
        let known = self.clients.get(client_id)?.matches(&Digest::of(secret));
        known.then(|| client_id.to_owned())
    }

    fn issue(&self, request: &HttpRequest, body: &[u8]) -> Option<(String, Row)> {
        let form = Form::parse(body).ok()?;
        if form.get("grant_type") != Some("client_credentials") {
            return None;
        }
        let client_id = self.authenticate(request)?;
        let now = Clock::System.now();
        let mark = Entropy::System.mark(now);
        let (jti, iat, exp) = (&mark.id, now.seconds(), now.seconds() + 600);
        let claims = format!(
            r#"{{"iss":"http://localhost:8080","sub":"{client_id}","aud":"{RESOURCE}","exp":{exp},"iat":{iat},"jti":"{jti}","client_id":"{client_id}","scope":"{SCOPE}","credential_id":"sec_01K00000000000000000000000"}}"#
        );
        let agent = request.headers().get(USER_AGENT)?.to_str().ok()?;
        let address = request.peer_addr()?.ip();
        let body = format!(
            r#"{{"v":1,"id":"{jti}","at":{at},"code":"token.issued","outcome":"success","actor":{{"kind":"client","method":"client_secret_basic","credential_id":"sec_01K00000000000000000000000"}},"source":{{"address":"{address}","user_agent":"{agent}"}},"request_id":"req_{jti}","client_id":"{client_id}","token":{{"resource":["{RESOURCE}"],"scope_requested":"{SCOPE}","scope_granted":"{SCOPE}","jti":"{jti}","kid":"{KID}","alg":"ES256","exp":{exp},"http_status":200,"duration_us":100}}}}"#,
            at = now.0
        );
        let token = self.sign(&claims)?;
        Some((token, Row { id: mark.id, at: now.0, client_id, body, salt: mark.salt }))
    }

    fn sign(&self, claims: &str) -> Option<String> {
        let mut token = self.header.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(&self.random, token.as_bytes()).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(SETTINGS)?;
    Ok(conn)
}

/// Commits whatever waits. When it fails the channel ends, and with it every
/// answer.
fn write(
    conn: &Connection,
    wal: &PathBuf,
    inbox: &Receiver<(Row, oneshot::Sender<()>)>,
) -> rusqlite::Result<()> {
    let mut insert = conn.prepare(INSERT)?;
    let (mut position, mut batch) = (0_i64, 0_i64);
    while let Ok(first) = inbox.recv() {
        let group: Vec<_> =
            std::iter::once(first).chain(inbox.try_iter().take(GROUP - 1)).collect();
        batch += 1;
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for (row, _) in &group {
            position += 1;
            let Row { id, at, client_id, body, salt } = row;
            insert.execute(params![position, batch, id, at, client_id, RESOURCE, body, salt])?;
        }
        conn.execute_batch("COMMIT")?;
        for (_, done) in group {
            let _ = done.send(());
        }
        if std::fs::metadata(wal).is_ok_and(|file| file.len() > WAL_BYTES) {
            conn.execute_batch("PRAGMA wal_checkpoint(RESTART)")?;
        }
    }
    Ok(())
}

fn checkpoint(conn: &Connection) {
    loop {
        std::thread::sleep(CHECKPOINT);
        let _ = conn.execute_batch("PRAGMA wal_checkpoint(PASSIVE)");
    }
}
