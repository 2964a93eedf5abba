//! `GET /search`.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::hit::{self, Hit};
use super::places;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::console::tester::jwt;
use crate::store::Conn;
use crate::texts::filters;
use crate::web::App;

/// The most letters that are looked for.
const MOST: usize = 512;

#[derive(Template)]
#[template(path = "console/search/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    q: String,
    /// A token or a secret was sent: it is not looked for, and not shown.
    is_secret: bool,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Query {
    q: String,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let is_part = page::wants_part(&request);
    let q = query.into_inner().q.trim().to_owned();
    let mut index = Index {
        chrome: person.chrome("/search"),
        q: String::new(),
        is_secret: jwt::may_be(&q) || q.contains("csk_"),
        hits: Vec::new(),
    };
    if index.is_secret {
        return if is_part { page::secret(&index.as_results()) } else { page::secret(&index) };
    }
    index.q = q.chars().take(MOST).collect();
    let (asked, sees_people) = (index.q.clone(), person.is_owner());
    let sees_all = person.reads();
    let load = move |conn: &mut Conn| {
        // Who sees some applications only finds them in their list.
        if asked.is_empty() || !sees_all {
            return Ok::<_, crate::store::Error>((Vec::new(), Vec::new()));
        }
        Ok((hit::exact(conn, &asked, sees_people)?, hit::alike(conn, &asked, sees_people)?))
    };
    let (exact, alike) = app.pages.read(load).await?;
    if let (false, [only]) = (is_part, exact.as_slice()) {
        return Ok(page::see_other(&only.href));
    }
    index.hits = exact;
    index.hits.extend(places::find(&index.q, person.administrator.role));
    for hit in alike {
        if !index.hits.iter().any(|known| known.href == hit.href && known.kind == hit.kind) {
            index.hits.push(hit);
        }
    }
    if is_part { page::html(&index.as_results()) } else { page::html(&index) }
}
