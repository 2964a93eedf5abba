//! `/`: what to do next.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::chrome::Chrome;
use super::failure::Failure;
use super::page;
use super::signed_in::SignedIn;
use crate::model::page::Page;
use crate::store::{Conn, Error, applications, audit_log, resources};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Overview {
    chrome: Chrome,
    manages: bool,
    steps: Steps,
}

/// The way to the first token; steps tick themselves from what is there.
#[derive(Clone, Copy)]
struct Steps {
    has_resource: bool,
    has_application: bool,
    has_token: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let steps = app.store.read(steps).await?;
    page::html(&Overview { chrome: person.chrome("/"), manages: person.manages(), steps })
}

fn steps(conn: &mut Conn) -> Result<Steps, Error> {
    let resources: Page<_> = resources::page(conn, None, None, 1)?;
    let issued = audit_log::Filter {
        category: Some("token".to_owned()),
        outcome: Some(audit_log::OutcomeFilter::Success),
        ..audit_log::Filter::default()
    };
    Ok(Steps {
        has_resource: !resources.rows.is_empty(),
        has_application: applications::any(conn)?,
        has_token: !audit_log::page(conn, &issued, None, 1)?.rows.is_empty(),
    })
}

impl Steps {
    fn are_done(self) -> bool {
        self.has_resource && self.has_application && self.has_token
    }
}
