//! Style sheet, scripts, fonts and icons, embedded in the program and
//! compressed once.
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding, Header,
    IF_NONE_MATCH, VARY,
};
use actix_web::web::Bytes;
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

/// The name under which the parts are served as one.
const STYLE: &str = "console.css";

/// A file as it is, and as it travels to a browser that takes brotli.
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
}

impl File {
    fn new(name: &str, content: Cow<'static, [u8]>) -> Self {
        let plain = match content {
            Cow::Borrowed(embedded) => Bytes::from_static(embedded),
            Cow::Owned(read) => Bytes::from(read),
        };
        // Fonts are compressed as they are.
        let brotli = (!content_type(name).starts_with("font/")).then(|| compressed(&plain));
        Self { plain, brotli }
    }
}

type Files = HashMap<String, File>;

/// Every file by the name in its URL. At the highest quality: a file is
/// compressed once for all who ever ask, which the middleware cannot know.
fn compress_all() -> Files {
    let style: Vec<u8> = CSS
        .iter()
        .filter_map(|name| Assets::get(name))
        .flat_map(|file| file.data.to_vec())
        .collect();
    Assets::iter()
        .filter(|name| !name.starts_with("css/"))
        .filter_map(|name| Some((name.to_string(), Assets::get(&name)?.data)))
        .chain([(STYLE.to_owned(), Cow::Owned(style))])
        .map(|(name, content)| (name.clone(), File::new(&name, content)))
        .collect()
}

/// The files, compressed when the first is asked for: a tenth of a second, off
/// the threads that serve.
async fn files() -> Option<&'static Files> {
    static FILES: OnceLock<Files> = OnceLock::new();
    if FILES.get().is_none() {
        web::block(|| FILES.get_or_init(compress_all)).await.ok()?;
    }
    FILES.get()
}

fn compressed(content: &[u8]) -> Bytes {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    // A write to memory cannot fail.
    let _ = writer.write_all(content);
    Bytes::from(writer.into_inner())
}

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
    let Some(file) = files().await.and_then(|files| files.get(&name)) else {
        return HttpResponse::NotFound().finish();
    };
    let current = version == *VERSION;
    let etag = format!("\"{}\"", *VERSION);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((ETAG, etag.clone()))
        .insert_header((VARY, "accept-encoding"));
    if known == Some(&etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, content_type(&name)));
    match &file.brotli {
        Some(brotli) if takes_brotli(&request) => {
            response.insert_header((CONTENT_ENCODING, "br")).body(brotli.clone())
        }
        _ => response.body(file.plain.clone()),
    }
}

fn takes_brotli(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request).is_ok_and(|accepted| {
        accepted.negotiate([Encoding::brotli()].iter()) == Some(Encoding::brotli())
    })
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
