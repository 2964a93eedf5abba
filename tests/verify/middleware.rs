//! The middleware before an API's routes.
use std::sync::Arc;

use actix_web::{App, HttpServer, web};
use countersign::verify::Verifier;
use countersign::verify::actix::{Caller, Protect, Refused};
use serde_json::json;

use super::issuer::{Issuer, Key, Loopback};
use super::{configuration, scopes};

async fn name(caller: Caller) -> String {
    caller.0.claims.client_id.clone()
}

async fn write(caller: Caller) -> Result<String, Refused> {
    caller.must(&scopes("invoices:write"))?;
    Ok("written".into())
}

/// An API with a route that reads and writes, and one that forgot its guard.
pub fn api(verifier: Verifier) -> Loopback {
    let verifier = Arc::new(verifier);
    Loopback::start(move || {
        let app = move || {
            let invoices = web::resource("/invoices")
                .wrap(Protect::new(&verifier, scopes("invoices:read")))
                .route(web::get().to(name))
                .route(web::post().to(write));
            App::new().service(invoices).route("/open", web::get().to(name))
        };
        let server = HttpServer::new(app).workers(1).shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        (server.run(), address)
    })
}

/// Status, challenge and body.
fn send(url: &str, method: &str, authorization: &[&str]) -> (u16, String, String) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let mut answer = agent.run(request.body(()).unwrap()).unwrap();
    let challenge =
        answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), challenge.unwrap_or_default(), body)
}

#[test]
fn good_tokens_go_on_and_others_are_challenged() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let api = api(Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap());
    let url = format!("http://{}/invoices", api.address);
    let bearer = |changes| format!("Bearer {}", key.token(&changes));

    let good = bearer(json!({}));
    assert_eq!(send(&url, "GET", &[&good]), (200, String::new(), "m2m_1".into()));
    assert_eq!(send(&url, "GET", &[]), (401, "Bearer".into(), String::new()));
    assert_eq!(send(&url, "GET", &["Basic YTpi"]), (401, "Bearer".into(), String::new()));
    assert_eq!(send(&url, "GET", &[&good, &good]).0, 400);
    assert_eq!(send(&url, "GET", &["Bearer a b"]).0, 400);
    let in_the_url = format!("{url}?access_token={}", key.token(&json!({})));
    assert_eq!(send(&in_the_url, "GET", &[]).0, 401);

    let (status, challenge, _) = send(&url, "GET", &[&bearer(json!({"exp": 1}))]);
    assert_eq!(status, 401);
    assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{challenge}");
    let (status, challenge, _) = send(&url, "GET", &[&bearer(json!({"scope": "other"}))]);
    assert_eq!(status, 403);
    assert!(challenge.ends_with(r#"scope="invoices:read""#), "{challenge}");
}

#[test]
fn a_handler_may_want_more_and_one_without_a_guard_lets_nobody_in() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let api = api(Verifier::start(configuration(issuer.address, &issuer.clock)).unwrap());
    let url = format!("http://{}/invoices", api.address);
    let read = format!("Bearer {}", key.token(&json!({})));
    let (status, challenge, _) = send(&url, "POST", &[&read]);
    assert_eq!(status, 403);
    assert!(challenge.contains(r#"scope="invoices:write""#), "{challenge}");
    let both = key.token(&json!({"scope": "invoices:read invoices:write"}));
    assert_eq!(send(&url, "POST", &[&format!("Bearer {both}")]).2, "written");
    assert_eq!(send(&format!("http://{}/open", api.address), "GET", &[&read]).0, 401);
}
