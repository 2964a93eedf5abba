//! The fields of the form that was sent, read before a handler reads them: some
//! are no handler's alone, and none of what was typed is to be lost.
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use futures_util::{StreamExt as _, stream};

use super::failure::Failure;
use crate::model::because::Because;

/// Names and values, in the order of the form.
pub struct Fields(pub Vec<(String, String)>);

/// Reads the form of a POST, and leaves it to be read again.
///
/// # Errors
/// It is longer than a form may be.
pub async fn read(request: &mut ServiceRequest) -> Result<(), Error> {
    let headers = request.headers();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    if *request.method() != Method::POST || !is_form || headers.contains_key(CONTENT_ENCODING) {
        return Ok(());
    }
    let body = request.extract::<Bytes>().await.map_err(|_| Failure::Malformed)?;
    let fields = url::form_urlencoded::parse(&body).into_owned().collect();
    request.extensions_mut().insert(Fields(fields));
    let again = stream::once(async { Ok(body) }).boxed_local();
    request.set_payload(Payload::Stream { payload: again });
    Ok(())
}

/// Why it is done, when the form said so.
///
/// # Errors
/// `Unfit`: what was typed is no reason that may be kept.
pub fn because(request: &HttpRequest) -> Result<Option<Because>, Failure> {
    let extensions = request.extensions();
    let fields = extensions.get::<Fields>().map(|fields| fields.0.as_slice());
    let typed = fields.unwrap_or_default().iter().find(|(name, _)| name == "because");
    typed.map_or(Ok(None), |(_, text)| Because::read(text).map_err(Failure::Unfit))
}
