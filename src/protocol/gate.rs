//! `/gate`: may this request pass? Asked by a gateway for each request to an
//! API: nginx `auth_request`, Traefik `ForwardAuth`, Caddy `forward_auth`, Envoy
//! `ext_authz`.
//!
//! Answers 200, 401 and 403 only, as gateways understand them; 503 when it
//! cannot be known, which every one of them takes for a no.
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::Arc;
use std::time::Instant;

use super::failure::{Failure, uncached};
use crate::audit::access::{Access, KindRef};
use crate::directory::resources::Protected;
use crate::model::access::{Decision, decide};
use crate::model::route::safe_path;
use crate::model::route_table::Demand;
use crate::oauth::access_token::Verified;
use crate::oauth::bearer::{self, Authorization};
use crate::web::App;
use crate::web::acceptance::{Cause, accept};

/// `/gate?resource={identifier}`.
pub async fn by_identifier(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let named = url::form_urlencoded::parse(request.query_string().as_bytes())
        .find_map(|(name, value)| (name == "resource").then(|| value.into_owned()));
    let target = Original::read(&request);
    answer(&app, &request, named.as_deref().unwrap_or_default(), target).await
}

/// `/gate/{resource_id}`.
pub async fn by_id(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> HttpResponse {
    let target = Original::read(&request);
    answer(&app, &request, &id, target).await
}

/// `/gate/{resource_id}/envoy/…`: Envoy puts the path of the request behind a
/// prefix and keeps its method.
pub async fn behind_prefix(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<(String, String)>,
) -> HttpResponse {
    let (id, _) = id.into_inner();
    // As it was sent: what is matched must not be decoded twice. The prefix
    // counts whole, for the path of the issuer may have such a part too.
    let prefix = format!("{}/gate/{id}/envoy", app.config.issuer.path);
    let behind = request.uri().path().strip_prefix(&prefix);
    let original = behind.filter(|path| path.is_empty() || path.starts_with('/')).map(|path| {
        let target = if path.is_empty() { "/" } else { path };
        Original { method: request.method().as_str(), target }
    });
    answer(&app, &request, &id, original).await
}

/// What the gateway was asked for.
#[derive(Clone, Copy)]
struct Original<'r> {
    method: &'r str,
    /// A path, and perhaps a query.
    target: &'r str,
}

impl<'r> Original<'r> {
    /// From the headers of nginx or of those that forward. A caller can add
    /// headers of the other kind to its own request, and some gateways hand them
    /// on: who says it in two ways says nothing.
    fn read(request: &'r HttpRequest) -> Option<Self> {
        let pair = |method: &'static str, target: &'static str| {
            let one = |name: &'static str| {
                let mut values = request.headers().get_all(name);
                let first = values.next().and_then(|value| value.to_str().ok());
                (first, values.next().is_some())
            };
            let ((method, again), (target, twice)) = (one(method), one(target));
            let said = method.is_some() || target.is_some();
            let read = method.zip(target).filter(|_| !again && !twice);
            said.then(|| read.map(|(method, target)| Self { method, target }))
        };
        let nginx = pair("x-original-method", "x-original-uri");
        let forwarded = pair("x-forwarded-method", "x-forwarded-uri");
        match (nginx, forwarded) {
            (Some(original), None) | (None, Some(original)) => original,
            _ => None,
        }
    }
}

/// All that is known once it is decided.
struct Outcome<'p> {
    decision: Decision,
    token: Option<Arc<Verified>>,
    demand: Option<Demand<'p>>,
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    name: &str,
    original: Option<Original<'_>>,
) -> HttpResponse {
    let started = Instant::now();
    let authorization = authorization(request);
    let decided = async {
        let resource = app.directory.resource(name).await?;
        let resource = resource.as_deref();
        let outcome = pass(app, resource, original, authorization).await?;
        let response = respond(&outcome);
        record(app, resource, &outcome, original).await?;
        Ok::<_, Failure>((outcome.decision.as_str(), response))
    }
    .await;
    let (result, response) = decided.unwrap_or_else(|failure| {
        tracing::error!(error = %failure, "gate.failed");
        let mut response = uncached(StatusCode::SERVICE_UNAVAILABLE);
        ("failed", response.insert_header((RETRY_AFTER, "2")).finish())
    });
    app.metrics.gate_answered(result, started.elapsed());
    response
}

async fn pass<'p>(
    app: &App,
    resource: Option<&'p Protected>,
    original: Option<Original<'_>>,
    authorization: Authorization<'_>,
) -> Result<Outcome<'p>, Failure> {
    let refused = |decision| Outcome { decision, token: None, demand: None };
    let Some(resource) = resource else { return Ok(refused(Decision::UnknownResource)) };
    let Some(original) = original else { return Ok(refused(Decision::Misconfigured)) };
    let token = match authorization {
        Authorization::Absent => return Ok(refused(Decision::NoToken)),
        Authorization::Malformed => return Ok(refused(Decision::MalformedToken)),
        Authorization::Token(token) => token,
    };
    let token = match accept(app, token).await? {
        Ok(token) => token,
        // Whose it was is worth knowing, most of all when it was revoked.
        Err(cause) => {
            return Ok(Outcome { token: app.keys.verify(token), ..refused(cause.into()) });
        }
    };
    let Some(path) = safe_path(original.target) else {
        return Ok(Outcome { token: Some(token), ..refused(Decision::PathAmbiguous) });
    };
    let demand = resource.routes.demand(original.method, &path);
    let decision = decide(&token.claims, &resource.identifier, demand);
    Ok(Outcome { decision, token: Some(token), demand: Some(demand) })
}

/// Of two headers gate and API might each take another.
fn authorization(request: &HttpRequest) -> Authorization<'_> {
    let mut values = request.headers().get_all(AUTHORIZATION).map(HeaderValue::as_bytes);
    let first = values.next();
    if values.next().is_some() { Authorization::Malformed } else { bearer::read(first) }
}

impl From<Cause> for Decision {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::NotOurs => Self::NotOurs,
            Cause::Expired => Self::Expired,
            Cause::Revoked(kind) => Self::Revoked(kind),
            Cause::ClientInactive => Self::ClientInactive,
        }
    }
}

/// RFC 6750 §3: no error code when no token was sent.
fn respond(outcome: &Outcome<'_>) -> HttpResponse {
    const REALM: &str = r#"Bearer realm="countersign""#;
    let challenge = |status, rest: &str| {
        uncached(status).insert_header((WWW_AUTHENTICATE, format!("{REALM}{rest}"))).finish()
    };
    match (outcome.decision, &outcome.token) {
        (Decision::Allowed, Some(token)) => {
            let claims = &token.claims;
            uncached(StatusCode::OK)
                .insert_header(("x-client-id", claims.client_id.as_str()))
                .insert_header(("x-scope", claims.scope.as_str()))
                .insert_header(("x-token-id", claims.jti.as_str()))
                .finish()
        }
        (Decision::NoToken, _) => challenge(StatusCode::UNAUTHORIZED, ""),
        (Decision::MalformedToken, _) => {
            challenge(StatusCode::UNAUTHORIZED, r#", error="invalid_request""#)
        }
        (
            Decision::NotOurs
            | Decision::Expired
            | Decision::Revoked(_)
            | Decision::ClientInactive
            | Decision::WrongAudience,
            _,
        ) => challenge(StatusCode::UNAUTHORIZED, r#", error="invalid_token""#),
        (Decision::ScopeMissing, _) => {
            let scopes = match outcome.demand {
                Some(Demand::Route(route)) => route.scopes.join(" "),
                _ => String::new(),
            };
            let rest = format!(r#", error="insufficient_scope", scope="{scopes}""#);
            challenge(StatusCode::FORBIDDEN, &rest)
        }
        _ => uncached(StatusCode::FORBIDDEN).finish(),
    }
}

async fn record(
    app: &App,
    resource: Option<&Protected>,
    outcome: &Outcome<'_>,
    original: Option<Original<'_>>,
) -> Result<(), Failure> {
    let route = match outcome.demand {
        Some(Demand::Route(route)) => Some(route.path.as_str()),
        _ => None,
    };
    // What no route names is the caller's to choose, and not told apart.
    let method = original.filter(|_| route.is_some()).map(|original| told_apart(original.method));
    let claims = outcome.token.as_ref().map(|token| &token.claims);
    let kind = KindRef {
        via: "gate",
        caller: None,
        client_id: claims.map(|claims| claims.client_id.as_str()),
        resource: resource.map(|resource| resource.identifier.as_str()),
        method,
        route,
        decision: outcome.decision.as_str(),
    };
    let policy = resource.map(|resource| resource.access_records).unwrap_or_default();
    let jti = claims.map(|claims| claims.jti.as_str());
    let at = app.clock.now();
    let access = Access { kind, jti, at };
    Ok(app.recorder.record_access(policy, access, || app.entropy.mark(at)).await?)
}

/// The method, or one word for all that callers make up.
fn told_apart(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    }
}
