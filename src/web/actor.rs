//! From a request to who made it.
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpMessage as _, HttpRequest};

use super::{App, peer};
use crate::model::audit_event::Source;

/// The id of a request of the console, as its pages and its events name it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Where a request came from.
pub fn source(request: &HttpRequest, app: &App) -> Source {
    let address = peer::address(request, &app.config.trusted_proxies);
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Source::new(address.map(|address| address.to_string()), agent)
}

/// The id that [`super::security_headers`] gave to this request.
pub fn request_id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<RequestId>().map(|id| id.0.clone())
}
