//! From a template to an answer.
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::failure::Failure;
use super::language;

/// A page.
pub fn html(page: &impl Template) -> Result<HttpResponse, Failure> {
    html_with(StatusCode::OK, page)
}

/// The same form again, with what is wrong with it.
pub fn unprocessable(page: &impl Template) -> Result<HttpResponse, Failure> {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// The same form again: what it was made from is another by now.
pub fn conflict(page: &impl Template) -> Result<HttpResponse, Failure> {
    html_with(StatusCode::CONFLICT, page)
}

/// A page that nothing may keep: it shows a secret.
pub fn secret(page: &impl Template) -> Result<HttpResponse, Failure> {
    let mut response = html(page)?;
    let no_store = actix_web::http::header::HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    Ok(response)
}

/// What a script asked for. Nothing may keep it.
pub fn json(value: &serde_json::Value) -> Result<HttpResponse, Failure> {
    let no_store = (CACHE_CONTROL, "no-store");
    Ok(HttpResponse::Ok().insert_header(no_store).json(value))
}

/// Where to look after something was done.
pub fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A path of ours to go on to; anything else becomes the overview.
pub fn local(next: Option<String>) -> String {
    let ours = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(['\\', '\r', '\n'])
            && !path.starts_with("/sign-")
    };
    next.filter(ours).unwrap_or_else(|| "/".to_owned())
}

/// Whether htmx asks for a part of the page, and not a browser for all of it.
pub fn wants_part(request: &HttpRequest) -> bool {
    let has = |name: &str| request.headers().contains_key(name);
    has("hx-request") && !has("hx-history-restore-request")
}

/// A page under another status, in the language of who asks.
pub fn html_with(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Failure> {
    let text = page.render_with_values(&language::current());
    let text = text.map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(HttpResponse::build(status).insert_header(ContentType::html()).body(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_sent_on_only_within_this_console() {
        let to = |path: &str| local(Some(path.to_owned()));
        assert_eq!(to("/applications?q=a"), "/applications?q=a");
        for bad in ["//evil", "https://evil", "/\\evil", "evil", "/sign-out", "/a\r\nb"] {
            assert_eq!(to(bad), "/", "{bad}");
        }
    }
}
