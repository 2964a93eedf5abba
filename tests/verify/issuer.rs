//! An issuer on loopback that does what a test tells it.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::host::Clock;
use countersign::keys::pair::Pair;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::{Kind, SubjectDigest};
use futures_util::stream;
use serde_json::{Value, json};

use crate::support::world::BILLING_API;
use crate::support::{ISSUER, NOW};

/// A key pair and its public half.
pub struct Key {
    pub pair: Pair,
    pub kid: String,
    pub jwk: Value,
}

impl Key {
    pub fn new(algorithm: Algorithm) -> Self {
        let pair = Pair::parse(algorithm, &Pair::generate(algorithm).unwrap()).unwrap();
        let (kid, jwk) = pair.public_jwk().unwrap();
        Self { pair, kid, jwk }
    }

    pub fn es256() -> Self {
        Self::new(Algorithm::Es256)
    }

    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let alg = self.pair.algorithm().as_str();
        self.sign_with(&json!({ "alg": alg, "typ": typ, "kid": self.kid }), claims)
    }

    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// An access token of a test, with `changes` to its claims; `null` takes
    /// one away.
    pub fn token(&self, changes: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "m2m_1", "aud": BILLING_API, "exp": NOW.seconds() + 600,
            "iat": NOW.seconds(), "jti": "01K", "client_id": "m2m_1", "scope": "invoices:read",
        });
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        self.sign("at+jwt", &claims)
    }
}

/// What the issuer answers with.
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
pub struct Script {
    /// Every request is answered 500.
    pub down: bool,
    /// The one that signs the feed and the lists comes first.
    pub keys: Vec<Arc<Key>>,
    pub jwks_cache_control: String,
    pub jwks_asked: usize,
    pub lists: Vec<Value>,
    pub lists_asked: usize,
    /// What is said of every token; the token that was last asked for.
    pub active: bool,
    pub introspected: Option<String>,
    pub feed_down: bool,
    pub streams: bool,
    revocations: Vec<Value>,
    clock: Clock,
}

pub struct Issuer {
    pub address: SocketAddr,
    pub clock: Clock,
    script: Arc<Mutex<Script>>,
    _server: Loopback,
}

impl Issuer {
    pub fn start(keys: &[&Arc<Key>]) -> Self {
        let clock = Clock::standing_at(NOW);
        let script = Arc::new(Mutex::new(Script {
            down: false,
            keys: keys.iter().map(|&key| key.clone()).collect(),
            jwks_cache_control: "max-age=300".into(),
            jwks_asked: 0,
            lists: Vec::new(),
            lists_asked: 0,
            active: true,
            introspected: None,
            feed_down: false,
            streams: false,
            revocations: Vec::new(),
            clock: clock.clone(),
        }));
        let server = serve(script.clone());
        Self { address: server.address, clock, script, _server: server }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub fn revoke(&self, kind: Kind, subject: &str) {
        let now = self.clock.now().seconds();
        self.script().revocations.push(json!({
            "subject": SubjectDigest::new(kind, subject).encode(),
            "not_before": now + 1, "exp": now + 86_400,
        }));
    }
}

impl Script {
    fn statement(&self, since: usize) -> String {
        // One at a time, so that `more` matters.
        let new: Vec<&Value> = self.revocations.iter().skip(since).take(1).collect();
        let position = since + new.len();
        self.keys[0].sign(
            "revocations+jwt",
            &json!({
                "iss": ISSUER, "iat": self.clock.now().seconds(), "since": since,
                "position": position, "more": position < self.revocations.len(),
                "revocations": new,
            }),
        )
    }
}

type Shared = web::Data<Mutex<Script>>;

async fn metadata() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"),
        "introspection_endpoint": format!("{ISSUER}/introspection"),
    }))
}

async fn keys(script: Shared) -> HttpResponse {
    let mut script = script.lock().unwrap();
    script.jwks_asked += 1;
    if script.down {
        return HttpResponse::InternalServerError().finish();
    }
    let keys: Vec<&Value> = script.keys.iter().map(|key| &key.jwk).collect();
    HttpResponse::Ok()
        .insert_header(("cache-control", script.jwks_cache_control.clone()))
        .json(json!({ "keys": keys }))
}

async fn introspection(script: Shared, form: web::Form<Vec<(String, String)>>) -> HttpResponse {
    let mut script = script.lock().unwrap();
    script.introspected = form.iter().find(|(name, _)| name == "token").map(|(_, t)| t.clone());
    HttpResponse::Ok().json(json!({ "active": script.active }))
}

async fn list(script: Shared, number: web::Path<usize>) -> HttpResponse {
    let mut script = script.lock().unwrap();
    script.lists_asked += 1;
    match script.lists.get(*number) {
        Some(claims) if !script.down => {
            HttpResponse::Ok().body(script.keys[0].sign("statuslist+jwt", claims))
        }
        _ => HttpResponse::InternalServerError().finish(),
    }
}

async fn feed(request: HttpRequest, script: Shared) -> HttpResponse {
    let since = request.query_string().strip_prefix("since=").unwrap().parse().unwrap();
    let accept = request.headers().get("accept").unwrap().to_str().unwrap();
    let now = script.lock().unwrap();
    if now.feed_down {
        return HttpResponse::ServiceUnavailable().finish();
    }
    if accept != "text/event-stream" || !now.streams {
        return HttpResponse::Ok()
            .content_type("application/revocations+jwt")
            .body(now.statement(since));
    }
    drop(now);
    let events = stream::unfold((script, since), |(script, since)| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = script.lock().unwrap();
        if now.feed_down || !now.streams {
            return None;
        }
        let position = (since + 1).min(now.revocations.len());
        let event = format!("id: {position}\ndata: {}\n\n", now.statement(since));
        drop(now);
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(event)), (script, position)))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(Box::pin(events))
}

fn serve(script: Arc<Mutex<Script>>) -> Loopback {
    Loopback::start(move || {
        let app = move || {
            App::new()
                .app_data(web::Data::from(script.clone()))
                .route("/.well-known/oauth-authorization-server", web::get().to(metadata))
                .route("/keys", web::get().to(keys))
                .route("/introspection", web::post().to(introspection))
                .route("/lists/{number}", web::get().to(list))
                .route("/oauth/revocations", web::get().to(feed))
        };
        let server = HttpServer::new(app).workers(1).shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        (server.run(), address)
    })
}

/// A server on a thread of its own, until it is dropped.
pub struct Loopback {
    pub address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Loopback {
    pub fn start(
        open: impl FnOnce() -> (actix_web::dev::Server, SocketAddr) + Send + 'static,
    ) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (server, address) = open();
                tell.send((server.handle(), address)).unwrap();
                server.await.unwrap();
            });
        });
        let (handle, address) = told.recv().unwrap();
        Self { address, handle, thread: Some(thread) }
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = self.thread.take().unwrap().join();
    }
}
