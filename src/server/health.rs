//! `/healthz`, `/readyz` and `/metrics`.
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::audit::condition::State;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::time::Seconds;
use crate::sealing::verification::UNSEALED;
use crate::store::{audit_retention, registry};
use crate::web::App;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz)).route("/readyz", web::get().to(readyz));
}

pub fn metrics_routes(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(metrics));
}

/// The process runs and answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({"status": "ok"}))
}

/// Whether tokens can be issued; if not, what is in the way.
async fn readyz(app: web::Data<App>) -> HttpResponse {
    let mut missing = Vec::new();
    if app.is_stopping() {
        missing.push("the server is stopping");
    }
    if !app.keys.can_sign(Algorithm::default()) {
        missing.push("there is no signing key");
    }
    if app.store.read(registry::version).await.is_err() {
        missing.push("the database does not answer");
    }
    let state = app.recorder.condition().state();
    if state != State::Ok {
        missing.push(state.caption());
    }
    let mut response =
        if missing.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let mut warnings = warnings(&app);
    warnings.extend(waiting(&app).await);
    let status = if missing.is_empty() { "ready" } else { "not ready" };
    response.insert_header((CACHE_CONTROL, "no-store")).json(json!({
        "status": status,
        "store": state.as_str(),
        "missing": missing,
        "warnings": warnings,
    }))
}

/// What somebody should look after, though tokens are issued and recorded.
fn warnings(app: &App) -> Vec<String> {
    let (status, now) = (app.sealing.status(), app.clock.now());
    let mut warnings = Vec::new();
    if status.fork.is_some() {
        warnings.push(
            "the audit log does not go on from what was signed: nothing is sealed".to_owned(),
        );
    } else if status.unsealed_since.is_some_and(|since| since + UNSEALED < now) {
        warnings.push("the audit log is not being sealed".to_owned());
    }
    if status.witnesses.iter().any(|witness| witness.failure.is_some()) {
        warnings.push("a witness does not sign checkpoints".to_owned());
    }
    warnings
}

/// Rows that are due to go are kept for a stream.
async fn waiting(app: &App) -> Option<String> {
    let before = app.clock.now() - Seconds::days(app.config.retention_days?);
    let waits_for = app.store.read(move |conn| audit_retention::waits_for(conn, before)).await;
    let name = waits_for.ok()??;
    Some(format!("the audit log is kept longer than it need be, for the stream {name}"))
}

async fn metrics(app: web::Data<App>) -> HttpResponse {
    app.metrics
        .store_state(app.recorder.condition().state().as_str(), &State::ALL.map(State::as_str));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        .body(app.metrics.encode())
}
