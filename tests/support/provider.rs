//! An OpenID provider on loopback that says what a test tells it.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::host::Clock;
use serde_json::{Value, json};
use url::Url;

use super::browser::Browser;
use super::http::Answer;
use super::{Server, database::TestDatabase};
use crate::verify::issuer::{Key, Loopback};

pub const CLIENT_ID: &str = "countersign";
const CLIENT_SECRET: &str = "s3cret/with+signs";
pub const CALLBACK: &str = "/session/openid/callback";

/// What the provider does, and what it was sent.
pub struct Script {
    pub issuer: String,
    pub key: Arc<Key>,
    /// Published; the first signs.
    pub published: Vec<Arc<Key>>,
    pub keys_asked: usize,
    /// Every request is answered 500.
    pub down: bool,
    /// What becomes of the claims of an ID token; `null` takes one away.
    pub changes: Value,
    /// What becomes of its header.
    pub header: Value,
    /// The signature is another's.
    pub forged: bool,
    /// What is told when it is asked for.
    pub told: Value,
    /// Its answers name it.
    pub names_itself: bool,
    clock: Option<Clock>,
    /// Nonce and challenge by code, until it is used.
    codes: HashMap<String, (String, String)>,
    count: usize,
}

pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
    _server: Loopback,
}

impl Provider {
    pub fn start() -> Self {
        let key = Arc::new(Key::es256());
        let script = Arc::new(Mutex::new(Script {
            issuer: String::new(),
            published: vec![key.clone()],
            key,
            keys_asked: 0,
            down: false,
            changes: json!({}),
            header: json!({}),
            forged: false,
            told: json!({ "sub": "u1" }),
            names_itself: true,
            clock: None,
            codes: HashMap::new(),
            count: 0,
        }));
        let server = serve(script.clone());
        let issuer = format!("http://{}", server.address);
        script.lock().unwrap().issuer.clone_from(&issuer);
        Self { issuer, script, _server: server }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// A server whose people may come from here.
    pub fn server(&self, settings: &[(&str, &str)]) -> Server {
        self.server_on(Arc::new(TestDatabase::new()), settings)
    }

    pub fn server_on(&self, database: Arc<TestDatabase>, settings: &[(&str, &str)]) -> Server {
        let fixed = [
            ("COUNTERSIGN_OPENID_ISSUER", self.issuer.as_str()),
            ("COUNTERSIGN_OPENID_CLIENT_ID", CLIENT_ID),
            ("COUNTERSIGN_OPENID_CLIENT_SECRET", CLIENT_SECRET),
            ("COUNTERSIGN_OPENID_NAME", "Example ID"),
            ("COUNTERSIGN_OPENID_ROLE_CLAIM", "groups"),
            ("COUNTERSIGN_OPENID_ROLES", "bosses=owner, ops=admin, staff=auditor"),
            ("COUNTERSIGN_OPENID_CREATE_ACCOUNTS", "true"),
            ("COUNTERSIGN_OPENID_ALLOW_PRIVATE", "true"),
        ];
        let settings: Vec<_> = fixed.iter().chain(settings).copied().collect();
        let server = Server::start_on(database, &settings);
        self.script().clock = Some(server.clock.clone());
        server
    }

    /// What a browser that was sent to `url` comes back with: a path of ours.
    pub fn authorize(&self, url: &Url) -> String {
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!((&*asked["response_type"], &*asked["code_challenge_method"]), ("code", "S256"));
        assert!(asked["redirect_uri"].ends_with(CALLBACK));
        let mut script = self.script();
        script.count += 1;
        let code = format!("code{}", script.count);
        script
            .codes
            .insert(code.clone(), (asked["nonce"].clone(), asked["code_challenge"].clone()));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", &code).append_pair("state", &asked["state"]);
        if script.names_itself {
            query.append_pair("iss", &script.issuer);
        }
        format!("{CALLBACK}?{}", query.finish())
    }

    /// There and back.
    pub fn sign_in(&self, browser: &Browser<'_>) -> Answer {
        browser.get(&self.authorize(&departure(&browser.post("/session/openid", &[]))))
    }
}

/// Where a page leads on to.
pub fn departure(page: &Answer) -> Url {
    assert_eq!(page.status, 200, "{}", page.text);
    let document = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse("a.btn.go").unwrap();
    let link = document.select(&selector).next().unwrap().attr("href").unwrap();
    assert!(page.text.contains("http-equiv=\"refresh\""));
    Url::parse(link).unwrap()
}

type Shared = web::Data<Mutex<Script>>;

async fn discovery(script: Shared) -> HttpResponse {
    let script = script.lock().unwrap();
    if script.down {
        return HttpResponse::InternalServerError().finish();
    }
    let issuer = &script.issuer;
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/me"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "authorization_response_iss_parameter_supported": script.names_itself,
    }))
}

async fn keys(script: Shared) -> HttpResponse {
    let mut script = script.lock().unwrap();
    script.keys_asked += 1;
    let keys: Vec<&Value> = script.published.iter().map(|key| &key.jwk).collect();
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

async fn token(
    request: HttpRequest,
    script: Shared,
    form: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    let mut script = script.lock().unwrap();
    let secret: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{secret}")));
    let authorization = request.headers().get("authorization").unwrap().to_str().unwrap();
    assert_eq!(authorization, expected, "RFC 6749 §2.3.1");
    let refused = || HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" }));
    let Some((nonce, challenge)) = script.codes.remove(&form["code"]) else { return refused() };
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    if URL_SAFE_NO_PAD.encode(digest) != challenge {
        return refused();
    }
    HttpResponse::Ok().json(json!({
        "access_token": "access", "token_type": "Bearer", "id_token": script.id_token(&nonce),
    }))
}

async fn me(request: HttpRequest, script: Shared) -> HttpResponse {
    let authorization = request.headers().get("authorization").unwrap().to_str().unwrap();
    assert_eq!(authorization, "Bearer access");
    HttpResponse::Ok().json(&script.lock().unwrap().told)
}

impl Script {
    fn id_token(&self, nonce: &str) -> String {
        let now = self.clock.as_ref().unwrap().now().seconds();
        let mut claims = json!({
            "iss": self.issuer, "sub": "u1", "aud": CLIENT_ID, "nonce": nonce,
            "iat": now, "exp": now + 300, "auth_time": now,
            "email": "grace@example.com", "email_verified": true, "name": "Grace",
            "groups": ["staff"],
        });
        change(&mut claims, &self.changes);
        let mut header = json!({ "alg": "ES256", "kid": self.key.kid });
        change(&mut header, &self.header);
        let token = match header["alg"].as_str() {
            Some("none") => format!("{}.{}.", encode(&header), encode(&claims)),
            Some("HS256") => {
                let signed = format!("{}.{}", encode(&header), encode(&claims));
                let key = aws_lc_rs::hmac::Key::new(
                    aws_lc_rs::hmac::HMAC_SHA256,
                    CLIENT_SECRET.as_bytes(),
                );
                let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
            }
            _ => self.key.sign_with(&header, &claims),
        };
        if !self.forged {
            return token;
        }
        let (signed, _) = token.rsplit_once('.').unwrap();
        let other = Key::es256().pair.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(other))
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn change(object: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
}

fn serve(script: Arc<Mutex<Script>>) -> Loopback {
    Loopback::start(move || {
        let app = move || {
            App::new()
                .app_data(web::Data::from(script.clone()))
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(token))
                .route("/me", web::get().to(me))
        };
        let server = HttpServer::new(app).workers(1).shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        (server.run(), address)
    })
}
