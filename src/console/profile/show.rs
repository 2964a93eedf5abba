//! `/profile`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::identities::{self, Section};
use super::passkeys;
use super::sessions::{self, Row};
use crate::admin::factors;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::password::NOBODY;
use crate::store::{self, Conn};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/profile/show.html")]
pub(super) struct Show {
    chrome: Chrome,
    person: Administrator,
    signed_in: Option<Moment>,
    passkeys: Vec<passkeys::Row>,
    /// Whether there can be passkeys where the console is.
    has_domain: bool,
    factor: Option<Factor>,
    /// Recovery codes that are left, of somebody who has a second factor.
    codes: Option<i64>,
    /// Whether their role may not be without one.
    required: bool,
    identities: Option<Section>,
    /// Whether there is a password to change.
    has_password: bool,
    sessions: Vec<Row>,
    /// Tag and name of those there are besides English.
    languages: Vec<(String, String)>,
    errors: FieldErrors,
}

/// The authenticator app.
struct Factor {
    since: Moment,
    used: Moment,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, FieldErrors::default()).await?)
}

pub(super) async fn fill(
    person: &SignedIn,
    app: &App,
    errors: FieldErrors,
) -> Result<Show, Failure> {
    let now = person.now();
    let id = person.administrator.id.clone();
    let email = person.administrator.email.clone();
    let read = move |conn: &mut Conn| {
        let found = store::administrators::find_by_email(conn, &email)?;
        let has_password = found.is_some_and(|(_, hash)| hash != NOBODY);
        Ok(((factors::of(conn, &id)?, has_password), store::identities::of(conn, &id)?))
    };
    let ((factors, has_password), known) = app.pages.read(read).await?;
    Ok(Show {
        identities: identities::section(app, known, now),
        has_password,
        codes: (!factors.is_empty()).then_some(factors.codes),
        passkeys: factors.passkeys.iter().map(|one| passkeys::Row::new(one, now)).collect(),
        has_domain: app.relying_party.is_some(),
        factor: factors.app.map(|app| Factor {
            since: Moment::new(app.created_at, now),
            used: Moment::new(app.last_used_at, now),
        }),
        required: app.config.second_factor_required.contains(&person.administrator.role),
        sessions: sessions::rows(person, app, &person.administrator.id).await?,
        languages: app.texts.offered().map(|(tag, name)| (tag.into(), name.into())).collect(),
        chrome: person.chrome("/profile"),
        signed_in: person.administrator.last_signed_in_at.map(|at| Moment::new(at, now)),
        person: person.administrator.clone(),
        errors,
    })
}
