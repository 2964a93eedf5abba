//! `POST /preferences/…`: light or dark, single keys or none, and the language;
//! kept in cookies.
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::page;
use crate::web::App;

const THEME: &str = "theme";
const KEYS: &str = "keys";
const LANGUAGE: &str = "language";

#[derive(Deserialize)]
struct Theme {
    theme: String,
    back: Option<String>,
}

#[derive(Deserialize)]
struct Keys {
    keys: String,
    back: Option<String>,
}

#[derive(Deserialize)]
struct Spoken {
    language: String,
    back: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/preferences/theme", web::post().to(theme_post))
        .route("/preferences/keys", web::post().to(keys_post))
        .route("/preferences/language", web::post().to(language_post));
}

/// The theme that this browser chose; empty when it chose none.
pub fn theme(request: &HttpRequest) -> &'static str {
    match request.cookie(THEME).as_ref().map(Cookie::value) {
        Some("dark") => "dark",
        Some("light") => "light",
        _ => "",
    }
}

/// Whether single keys do something in this browser, WCAG 2.1.4.
pub fn keys(request: &HttpRequest) -> bool {
    request.cookie(KEYS).is_none_or(|cookie| cookie.value() != "off")
}

/// The language that was chosen in this browser, which may be there no more.
pub fn language(request: &HttpRequest) -> Option<String> {
    request.cookie(LANGUAGE).map(|cookie| cookie.value().to_owned())
}

async fn theme_post(app: web::Data<App>, choice: web::Form<Theme>) -> HttpResponse {
    let choice = choice.into_inner();
    let theme = if choice.theme == "dark" { "dark" } else { "light" };
    kept(&app, (THEME, theme), choice.back)
}

async fn keys_post(app: web::Data<App>, choice: web::Form<Keys>) -> HttpResponse {
    let choice = choice.into_inner();
    let keys = if choice.keys == "off" { "off" } else { "on" };
    kept(&app, (KEYS, keys), choice.back)
}

async fn language_post(app: web::Data<App>, choice: web::Form<Spoken>) -> HttpResponse {
    let choice = choice.into_inner();
    let known = app.texts.offered().find(|(tag, _)| *tag == choice.language);
    let tag = known.map_or("en", |(tag, _)| tag);
    kept(&app, (LANGUAGE, tag), choice.back)
}

/// Sets the cookie, and goes back. No page of ours sends a `Referer`, so the
/// form says where it stood.
fn kept(app: &App, (name, value): (&'static str, &str), back: Option<String>) -> HttpResponse {
    let cookie = Cookie::build(name, value.to_owned())
        .path("/")
        .secure(app.config.issuer.is_https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
    let back = page::local(back);
    HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, back)).finish()
}
