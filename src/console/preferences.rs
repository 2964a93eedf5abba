//! `POST /preferences/theme`: light or dark, kept in a cookie.
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{LOCATION, REFERER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::web::App;

const COOKIE: &str = "theme";

#[derive(Deserialize)]
struct Choice {
    theme: String,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/preferences/theme", web::post().to(post));
}

/// The theme that this browser chose; empty when it chose none.
pub fn theme(request: &HttpRequest) -> &'static str {
    match request.cookie(COOKIE).as_ref().map(Cookie::value) {
        Some("dark") => "dark",
        Some("light") => "light",
        _ => "",
    }
}

async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    choice: web::Form<Choice>,
) -> HttpResponse {
    let theme = if choice.theme == "dark" { "dark" } else { "light" };
    let cookie = Cookie::build(COOKIE, theme)
        .path("/")
        .secure(app.config.issuer.is_https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
    HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, back(&request))).finish()
}

/// The path of the page before, when it is one of ours.
fn back(request: &HttpRequest) -> String {
    let referer = request.headers().get(REFERER).and_then(|value| value.to_str().ok());
    let url = referer.and_then(|text| url::Url::parse(text).ok());
    let host = request.connection_info().host().to_owned();
    url.filter(|url| url.authority() == host)
        .map_or_else(|| "/".to_owned(), |url| url.path().to_owned())
}
