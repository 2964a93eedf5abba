//! The `RateLimit` fields, draft-ietf-httpapi-ratelimit-headers-10.
use actix_web::HttpResponseBuilder;

use crate::limits::Allowance;

/// Says what is left, so that a caller can slow down before it is refused.
pub fn set(response: &mut HttpResponseBuilder, allowance: &Allowance) {
    let Allowance { quota, window, remaining, reset } = allowance;
    response
        .insert_header(("ratelimit-policy", format!("\"tokens\";q={quota};w={}", window.0)))
        .insert_header(("ratelimit", format!("\"tokens\";r={remaining};t={}", reset.0)));
}
