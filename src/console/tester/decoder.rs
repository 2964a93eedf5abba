//! `/tester/decoder`: what a token says, and what this server knows of it.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::claims::{self, Claim};
use super::finding::Finding;
use super::jwt;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::log::entry::What;
use crate::console::log::fate::Fate;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/tester/decoder.html")]
struct Page {
    chrome: Chrome,
    manages: bool,
    errors: FieldErrors,
    decoded: Option<Decoded>,
}

struct Decoded {
    finding: Finding,
    header: Vec<Claim>,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
pub struct Form {
    token: String,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, FieldErrors::default(), None))
}

/// A token opens doors: it is neither kept nor shown again, and nothing may
/// keep the answer.
pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Form>,
) -> Result<HttpResponse, Failure> {
    let pasted = Zeroizing::new(form.into_inner().token);
    let (now, jwt) = (person.now(), jwt::read(&pasted));
    let jwt = match jwt {
        Ok(jwt) => jwt,
        Err(why) => {
            let errors = FieldErrors::one("token", why);
            return page::unprocessable(&fill(&person, errors, None));
        }
    };
    let decoded = Decoded {
        finding: Finding::new(&app, &jwt, now).await?,
        header: claims::header(&jwt.header, now),
        claims: claims::claims(&jwt.claims, now),
    };
    page::secret(&fill(&person, FieldErrors::default(), Some(decoded)))
}

fn fill(person: &SignedIn, errors: FieldErrors, decoded: Option<Decoded>) -> Page {
    Page { chrome: person.chrome("/tester"), manages: person.manages(), errors, decoded }
}
