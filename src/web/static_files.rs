//! Style sheet, scripts, fonts and icons, embedded in the program.
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest::{Context, SHA256};
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "static/"]
struct Assets;

/// The parts of the style sheet, in the order of their layers.
const CSS: [&str; 6] = [
    "css/1-tokens.css",
    "css/2-base.css",
    "css/3-layout.css",
    "css/4-parts.css",
    "css/5-screens.css",
    "css/6-tools.css",
];

/// The one style sheet.
static STYLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    CSS.iter().filter_map(|name| Assets::get(name)).flat_map(|file| file.data.to_vec()).collect()
});

/// Changes when any file changes, and stands in every URL: what was fetched
/// once need never be asked for again.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let mut context = Context::new(&SHA256);
    for name in names {
        context.update(name.as_bytes());
        if let Some(file) = Assets::get(&name) {
            context.update(&file.data);
        }
    }
    context.finish().as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// The URL of a file: `/static/<version>/console.css`. Relative references in
/// the style sheet stay below the same version.
pub fn url(name: &str) -> String {
    format!("/static/{}/{name}", *VERSION)
}

/// `GET /static/{version}/{name}`.
pub async fn get(request: HttpRequest, path: web::Path<(String, String)>) -> HttpResponse {
    let (version, name) = path.into_inner();
    let body = if name == "console.css" {
        Some(STYLE.clone())
    } else {
        Assets::get(&name).map(|file| file.data.to_vec())
    };
    let Some(body) = body else { return HttpResponse::NotFound().finish() };
    let current = version == *VERSION;
    let etag = format!("\"{}\"", *VERSION);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, caching)).insert_header((ETAG, etag.clone()));
    if known == Some(&etag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, content_type(&name))).body(body)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
