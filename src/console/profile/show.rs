//! `/profile`.
use actix_web::HttpResponse;
use askama::Template;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;

#[derive(Template)]
#[template(path = "console/profile/show.html")]
pub(super) struct Show {
    chrome: Chrome,
    person: Administrator,
    signed_in: Option<Moment>,
    errors: FieldErrors,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, FieldErrors::default()))
}

pub(super) fn fill(person: &SignedIn, errors: FieldErrors) -> Show {
    let now = person.now();
    Show {
        chrome: person.chrome("/profile"),
        signed_in: person.administrator.last_signed_in_at.map(|at| Moment::new(at, now)),
        person: person.administrator.clone(),
        errors,
    }
}
