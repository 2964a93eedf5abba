//! `/oauth/authorize`: named in the metadata for libraries that refuse a
//! document without it. It authorizes nothing and never redirects.
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::failure::uncached;

pub async fn refuse() -> HttpResponse {
    uncached(StatusCode::BAD_REQUEST).content_type("text/plain; charset=utf-8").body(
        "unsupported_response_type: this server gives tokens to machines only. \
         Ask POST /oauth/token with grant_type=client_credentials.\n",
    )
}
