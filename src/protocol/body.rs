//! Reading the body of an OAuth request: small, plain, of the one type, soon.
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;

use super::failure::Failure;
use crate::oauth::Error;
use crate::oauth::error::Code;
use crate::oauth::reason::Reason;
use crate::web::App;

/// The most bytes that are read.
pub const MAX_BYTES: usize = 32 * 1_024;

/// How much of a body that is too long is read all the same: some clients lose
/// an answer that comes while they still send.
const DRAIN_BYTES: usize = 256 * 1_024;

/// Reads a form's bytes.
///
/// # Errors
/// * `TooLarge`: more than 32 KiB.
/// * `TooSlow`: it did not come in time.
/// * `Encoded`: compressed.
/// * `invalid_request`: another type than `application/x-www-form-urlencoded`,
///   another charset than UTF-8, or the body broke off.
pub async fn read(request: &HttpRequest, payload: web::Payload) -> Result<web::BytesMut, Failure> {
    let app = request.app_data::<web::Data<App>>();
    let seconds = app.map_or(5, |app| app.config.limits.request_seconds);
    let read = tokio::time::timeout(Duration::from_secs(seconds), bytes(payload));
    let body = read.await.map_err(|_| Failure::TooSlow)??;
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Failure::Encoded);
    }
    must_be_form(request)?;
    Ok(body)
}

async fn bytes(mut payload: web::Payload) -> Result<web::BytesMut, Failure> {
    let mut body = web::BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| malformed("the body broke off"))?;
        length += chunk.len();
        if length > DRAIN_BYTES {
            break;
        }
        if length <= MAX_BYTES {
            body.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BYTES {
        return Err(Failure::TooLarge);
    }
    Ok(body)
}

/// RFC 6749 Appendix B; parameters of the media type are tolerated, but the
/// charset is UTF-8.
fn must_be_form(request: &HttpRequest) -> Result<(), Failure> {
    let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = header.unwrap_or_default().split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(malformed("the body must be application/x-www-form-urlencoded").into());
    }
    let charset = parts.filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(malformed("the charset must be UTF-8").into());
    }
    Ok(())
}

fn malformed(why: &'static str) -> Error {
    Error::new(Code::InvalidRequest, Reason::RequestMalformed, why)
}
