//! The exam: a correct API passes, each hole of a careless one is named, and
//! what the exam sends is good for nothing else.
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use countersign::admin;
use countersign::admin::actor::Who;
use countersign::admin::{Actor, applications};
use countersign::exam::{Check, Error, Exam, Examiner, Finding, Verdict};
use countersign::model::role::Role;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::store::revocations;
use countersign::verify::{Configuration, Machine, Verifier};

use super::issuer::Loopback;
use super::{configuration, middleware, scopes, verifier_of};
use crate::cli::{self, Cli};
use crate::support::world::{BILLING_API, Client};
use crate::support::{ISSUER, Server};

fn exam(address: std::net::SocketAddr, path: &str, application: &Client) -> Exam {
    Exam {
        url: Exam::read_url(&format!("http://{address}{path}")).unwrap(),
        method: "GET".into(),
        resource: BILLING_API.into(),
        client_id: application.client_id.clone(),
        scope: None,
        follows_revocations: false,
        loopback: true,
        patience: Duration::ZERO,
    }
}

fn hold_as(server: &Server, actor: &Actor, exam: &Exam) -> Result<Vec<Finding>, Error> {
    Examiner {
        store: &server.app.store,
        keys: &server.app.keys,
        issuer: ISSUER,
        clock: &server.clock,
        actor,
    }
    .hold(exam)
}

fn hold(server: &Server, exam: &Exam) -> Vec<Finding> {
    hold_as(server, &server.operator(), exam).unwrap()
}

fn with(findings: &[Finding], verdict: Verdict) -> Vec<Check> {
    findings.iter().filter(|f| f.verdict == verdict).map(|f| f.check).collect()
}

/// An API that lets through whatever `accepts` a bearer token.
pub fn api(accepts: impl Fn(Option<&str>) -> bool + Send + Sync + 'static) -> Loopback {
    let accepts = Arc::new(accepts);
    let handler = move |request: HttpRequest| {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let good = accepts(header.and_then(|header| header.strip_prefix("Bearer ")));
        async move { if good { HttpResponse::Ok() } else { HttpResponse::Unauthorized() }.finish() }
    };
    Loopback::start(move || {
        let app = move || App::new().default_service(web::to(handler.clone()));
        let server = HttpServer::new(app).workers(1).shutdown_timeout(0);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        (server.run(), address)
    })
}

#[test]
fn an_api_behind_the_middleware_passes() {
    let server = Server::start();
    let billing = server.world().billing;
    let api = middleware::api(verifier_of(&server));
    let findings = hold(&server, &exam(api.address, "/invoices", &billing));
    assert_eq!(with(&findings, Verdict::Failed), [], "{findings:?}");
    assert_eq!(with(&findings, Verdict::Warned), [Check::Revoked], "it waits for expiry");
    assert_eq!(findings.len(), 14);
}

#[test]
fn an_api_that_accepts_everything_fails_everything() {
    let server = Server::start();
    let billing = server.world().billing;
    let api = api(|_| true);
    let mut exam = exam(api.address, "/", &billing);
    let findings = hold(&server, &exam);
    assert_eq!(with(&findings, Verdict::Passed), [Check::Good]);
    assert_eq!(with(&findings, Verdict::Warned), [Check::Revoked]);
    exam.follows_revocations = true;
    let findings = hold(&server, &exam);
    assert_eq!(with(&findings, Verdict::Failed).len(), findings.len() - 1);
}

#[test]
fn an_api_that_looks_at_the_signature_alone_is_told_what_it_forgot() {
    let server = Server::start();
    let billing = server.world().billing;
    let keys = server.app.keys.clone();
    let api = api(move |token| token.is_some_and(|token| keys.verify(token).is_some()));
    let findings = hold(&server, &exam(api.address, "/", &billing));
    assert_eq!(
        with(&findings, Verdict::Failed),
        [Check::Expired, Check::WrongAudience, Check::WrongIssuer, Check::MissingScope]
    );
    assert!(findings.iter().any(|f| f.remark.contains("aud")));
}

#[test]
fn an_api_that_believes_what_it_reads_falls_for_every_forgery() {
    let server = Server::start();
    let billing = server.world().billing;
    let api = api(|token| token.is_some_and(|token| token.split('.').count() == 3));
    let findings = hold(&server, &exam(api.address, "/", &billing));
    assert_eq!(with(&findings, Verdict::Passed), [Check::Good, Check::NoToken]);
}

#[test]
fn an_api_that_hears_of_revocations_passes_and_one_that_refuses_all_does_not() {
    let server = Server::start();
    let billing = server.world().billing;
    let (keys, store) = (server.app.keys.clone(), server.app.store.clone());
    let following = api(move |token| {
        let Some(verified) = token.and_then(|token| keys.verify(token)) else { return false };
        let jti = &verified.claims.jti;
        store
            .read_blocking(|c| revocations::find_by_subject(c, Kind::Token, jti))
            .unwrap()
            .is_none()
    });
    let mut sat = exam(following.address, "/", &billing);
    sat.follows_revocations = true;
    let findings = hold(&server, &sat);
    assert!(with(&findings, Verdict::Passed).contains(&Check::Revoked), "{findings:?}");

    let closed = api(|_| false);
    let findings = hold(&server, &exam(closed.address, "/", &billing));
    assert_eq!(with(&findings, Verdict::Failed), [Check::Good]);
    assert_eq!(with(&findings, Verdict::Passed), [], "nothing is proved");
}

#[test]
fn an_api_that_is_too_slow_proves_nothing() {
    let server = Server::start();
    let billing = server.world().billing;
    let (keys, clock) = (server.app.keys.clone(), server.clock.clone());
    let slow = api(move |token| {
        clock.advance(Seconds(10));
        token.is_some_and(|token| keys.verify(token).is_some())
    });
    let findings = hold(&server, &exam(slow.address, "/", &billing));
    let passed = with(&findings, Verdict::Passed);
    assert!(passed.contains(&Check::TamperedSignature), "in time: {findings:?}");
    assert!(!passed.contains(&Check::HmacWithJwk), "too late: {findings:?}");
}

/// Whatever an API does with what it was sent: it opens no door of ours.
#[test]
fn our_own_endpoints_accept_nothing_of_an_exam_but_the_good_token() {
    let server = Server::start();
    let billing = server.world().billing;
    let findings = hold(&server, &exam(server.address, "/whoami", &billing));
    for finding in findings.iter().filter(|f| !matches!(f.check, Check::Good | Check::Revoked)) {
        assert_eq!(finding.status, Some(401), "{finding:?}");
    }
}

#[test]
fn what_an_exam_issues_is_recorded_before_it_is_sent_and_is_short_lived() {
    let server = Server::start();
    let billing = server.world().billing;
    let api = api(|_| true);
    let sat = exam(api.address, "/x?key=secret", &billing);
    hold(&server, &sat);
    let issued = server.events("token.issued");
    assert_eq!(issued.len(), 2, "the good one, and the one that is revoked");
    for event in &issued {
        let token = event.token.as_ref().unwrap();
        assert_eq!((event.actor.kind.as_ref(), token.jti.as_ref()), ("operator", Some(&event.id)));
        assert_eq!(token.exp, Some(server.clock.now().seconds() + 60));
    }
    let revoked = server.events("tokens.revoked");
    assert_eq!(revoked[0].target.as_ref().unwrap().id, issued[1].id);
    let held = server.events("exam.held");
    assert_eq!(held[0].detail.as_deref(), Some(format!("GET http://{}/x", api.address).as_str()));
}

#[test]
fn no_exam_without_the_right_to_it_or_without_a_grant() {
    let server = Server::start();
    let world = server.world();
    let closed = api(|_| panic!("it was called"));
    let billing = exam(closed.address, "/", &world.billing);
    let who = Who::Administrator { id: "a".into(), name: "A".into(), role: Role::Auditor };
    let auditor = Actor { who, ..server.operator() };
    let refused = hold_as(&server, &auditor, &billing).unwrap_err();
    assert!(matches!(refused, Error::Act(admin::Error::Forbidden(_))));

    let operator = server.operator();
    let refusal = |exam: &Exam| hold_as(&server, &operator, exam).unwrap_err();
    let mallory = exam(closed.address, "/", &world.mallory);
    assert!(matches!(refusal(&mallory), Error::NoToken(_)));
    let greedy = Exam { scope: Some(scopes("admin")), ..billing.clone() };
    assert!(matches!(refusal(&greedy), Error::NoToken(_)));
    let nobody = Exam { client_id: "m2m_nobody".into(), ..billing.clone() };
    assert!(matches!(refusal(&nobody), Error::Act(admin::Error::NotFound)));
    server.act(|conn, actor| applications::suspend(conn, actor, &world.billing.client_id));
    assert!(matches!(refusal(&billing), Error::NoToken(_)));
    assert!(server.events("token.issued").is_empty());
}

#[test]
fn the_command_tells_a_careful_api_from_a_careless_one() {
    let mut cli = Cli::with_billing();
    cli.set("COUNTERSIGN_ISSUER", ISSUER);
    let (client_id, _) = cli.application("billing-worker");
    // Publishes the keys; the command has its own clock, and the API its.
    let server = Server::start_on(cli.database.clone(), &[]);
    let reached = configuration(server.address, &server.clock);
    let careful = Verifier::start(Configuration { machine: Machine::default(), ..reached });
    let careful = middleware::api(careful.unwrap());
    let careless = api(|_| true);
    let exam = |address: std::net::SocketAddr, more: &[&str]| {
        let url = format!("http://{address}/invoices");
        let arguments =
            ["exam", "--url", &url, "--resource", cli::BILLING, "--application", &client_id];
        cli.run(&[&arguments, more].concat())
    };
    let passed = exam(careful.address, &["--wait", "0", "--json"]);
    assert_eq!(passed.code, 0, "{} {}", passed.out, passed.err);
    let rows: serde_json::Value = serde_json::from_str(&passed.out).unwrap();
    assert_eq!(rows[0]["check"], "good");
    assert_eq!((&rows[0]["status"], &rows[0]["verdict"]), (&200.into(), &"passed".into()));

    let failed = exam(careless.address, &["--wait", "0"]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.contains("It asks for no token."), "{}", failed.out);
    assert_eq!(failed.err, "countersign: 12 of 14 checks failed\n");
    assert!(!failed.out.contains("eyJ"), "no token is printed");

    let elsewhere =
        cli.run(&["exam", "--url", "ftp://x/", "--resource", "a", "--application", "b"]);
    assert_eq!(elsewhere.refusal(), "--url: Only http and https are called.");
}
