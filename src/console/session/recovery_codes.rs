//! The page that shows recovery codes once, to who was made to set up a second
//! factor. It has no address of its own.
use actix_web::HttpResponse;
use askama::Template;

use crate::console::failure::Failure;
use crate::console::page;
use crate::console::profile::recovery_codes::Codes;
use crate::texts::filters;

#[derive(Template)]
#[template(path = "console/session/recovery_codes.html")]
struct Page<'a> {
    codes: &'a Codes,
    next: &'a str,
}

pub fn page(codes: &Codes, next: &str) -> Result<HttpResponse, Failure> {
    page::secret(&Page { codes, next })
}
