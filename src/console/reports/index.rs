//! `GET /reports`.
use actix_web::HttpResponse;
use askama::Template;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::reports::report::{Family, REPORTS, Report};
use crate::texts::{en, filters};

#[derive(Template)]
#[template(path = "console/reports/index.html")]
struct Index {
    chrome: Chrome,
    families: Vec<(&'static str, &'static str, &'static [Report])>,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    let families = REPORTS.into_iter().filter_map(|reports| {
        let (title, note) = words(reports.first()?.family);
        Some((title, note, reports))
    });
    page::html(&Index { chrome: person.chrome("/reports"), families: families.collect() })
}

const fn words(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Access => (en("Access"), en("Who may do what, and who said so.")),
        Family::Tokens => (en("Tokens"), en("Who got which tokens, and were they theirs to get.")),
        Family::Refusals => (en("Refusals"), en("Who was refused, and what looks like an attack.")),
        Family::Acts => (en("Changes"), en("What people and the server did.")),
        Family::Upkeep => (en("Upkeep"), en("Secrets, revocations and the log itself.")),
    }
}
