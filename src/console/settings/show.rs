//! `GET /settings`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::config::Effective;
use crate::config::setting::Source;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/settings/show.html")]
struct Show {
    chrome: Chrome,
    version: &'static str,
    database: &'static str,
    instance: String,
    settings: Vec<Effective>,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    page::html(&Show {
        chrome: person.chrome("/settings"),
        version: env!("CARGO_PKG_VERSION"),
        database: if app.store.is_sqlite() { "SQLite" } else { "PostgreSQL" },
        instance: app.config.instance.clone(),
        settings: app.config.effective.clone(),
    })
}

impl Show {
    fn from(known: &Effective) -> &'static str {
        match known.source {
            Source::Default => en("Default"),
            Source::Environment => en("Environment"),
            Source::File => en("File"),
        }
    }

    fn changed(&self) -> usize {
        self.settings.iter().filter(|known| known.differs()).count()
    }
}
