//! `GET /people`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::role_title;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::{Administrator, Invitation};
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, administrators, authenticator_apps, invitations, passkeys};
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/index.html")]
struct Index {
    chrome: Chrome,
    is_owner: bool,
    rows: Vec<Row>,
    /// For owners.
    invitations: Vec<Invited>,
}

struct Invited {
    role: &'static str,
    until: Moment,
    invitation: Invitation,
}

pub(super) struct Row {
    role: &'static str,
    signed_in: Option<Moment>,
    /// For owners: what they have besides a password.
    pub factors: &'static str,
    pub person: Administrator,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let now = person.now();
    let read = app.pages.read(move |conn| Ok((rows(conn, now)?, invitations::all(conn, now)?)));
    let (rows, invited) = read.await?;
    page::html(&Index {
        chrome: person.chrome("/people"),
        is_owner: person.is_owner(),
        invitations: if person.is_owner() {
            let row = |found: Invitation| Invited {
                role: role_title(found.details.role),
                until: Moment::new(found.expires_at, now),
                invitation: found,
            };
            invited.into_iter().map(row).collect()
        } else {
            Vec::new()
        },
        rows,
    })
}

/// Everybody, by name.
pub(super) fn rows(conn: &mut Conn, now: UnixTime) -> Result<Vec<Row>, Error> {
    let (keys, apps) = (passkeys::holders(conn)?, authenticator_apps::holders(conn)?);
    let row = |found: Administrator| Row {
        role: role_title(found.role),
        signed_in: found.last_signed_in_at.map(|at| Moment::new(at, now)),
        factors: factors(keys.contains(&found.id), apps.contains(&found.id)),
        person: found,
    };
    Ok(administrators::all(conn)?.into_iter().map(row).collect())
}

const fn factors(passkey: bool, app: bool) -> &'static str {
    match (passkey, app) {
        (true, true) => en("Passkey, app"),
        (true, false) => en("Passkey"),
        (false, true) => en("App"),
        (false, false) => en("None"),
    }
}
