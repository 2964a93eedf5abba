//! `/applications/deleted/{client_id}/restoration`: a deletion undone.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::restoration_href;
use crate::admin::deletions::{self, Restorable};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::grant::Grant;
use crate::model::role::Right;
use crate::model::secret::{Secret, State};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/deleted/restoration.html")]
struct Restoration {
    chrome: Chrome,
    at: Moment,
    until: Moment,
    lines: Vec<(&'static str, Grant)>,
    /// With what becomes of each.
    secrets: Vec<(Secret, &'static str)>,
    found: Restorable,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (now, client_id) = (person.now(), client_id.into_inner());
    let find = app.store.read(move |conn| Ok(deletions::find(conn, &client_id, now)));
    let found = find.await??;
    let line = |grant: &Grant| (line::class(&grant.resource_identifier), grant.clone());
    let secret = |secret: &Secret| {
        let word = match secret.state(now) {
            State::Active => "works again",
            State::Expired => "has expired",
            State::Revoked => "is revoked",
        };
        (secret.clone(), word)
    };
    page::html(&Restoration {
        chrome: person.chrome("/applications"),
        at: Moment::new(found.deletion.at, now),
        until: Moment::new(found.deletion.until, now),
        lines: found.grants.iter().map(line).collect(),
        secrets: found.secrets.iter().map(secret).collect(),
        found,
    })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (actor, client_id) = (person.actor.clone(), client_id.into_inner());
    let back = format!("/applications/{client_id}");
    let restored = app
        .into_inner()
        .act::<_, crate::admin::Error, _>(move |conn| deletions::restore(conn, &actor, &client_id))
        .await?;
    person.notice(told(&restored));
    Ok(page::see_other(&back))
}

/// What is restored, and what is not.
fn told(restored: &Restorable) -> String {
    let mut text =
        format!("{} is restored. What tokens it had stay revoked.", restored.deletion.name);
    if restored.has_namesake {
        text.push_str(" Another application has the same name by now.");
    }
    if !restored.lost.is_empty() {
        let lost: Vec<String> = restored.lost.iter().map(ToString::to_string).collect();
        text.push_str(" Not restored: ");
        text.push_str(&lost.join(" "));
    }
    text
}

impl Restoration {
    fn href(&self) -> String {
        restoration_href(&self.found.deletion.client_id)
    }
}
