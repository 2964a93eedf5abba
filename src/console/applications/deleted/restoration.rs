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
use crate::model::deletion::Loss;
use crate::model::grant::Grant;
use crate::model::role::Right;
use crate::model::secret::{Secret, State};
use crate::text;
use crate::texts::{Text, en, filters};
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
    let find = app.pages.read(move |conn| Ok(deletions::find(conn, &client_id, now)));
    let found = find.await??;
    let line = |grant: &Grant| (line::class(&grant.resource_identifier), grant.clone());
    let secret = |secret: &Secret| {
        let word = match secret.state(now) {
            State::Active => en("works again"),
            State::Expired => en("has expired"),
            State::Revoked => en("is revoked"),
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
fn told(restored: &Restorable) -> Text {
    let name = &restored.deletion.name;
    let mut told = text!("{name} is restored. What tokens it had stay revoked.", name);
    if restored.has_namesake {
        told = told.and(text!("Another application has the same name by now."));
    }
    if !restored.lost.is_empty() {
        told =
            told.and(text!("Not restored:")).and(Text::joined(restored.lost.iter().map(said), " "));
    }
    told
}

/// What does not come back, as [`Loss`] says it in English.
fn said(loss: &Loss) -> Text {
    match loss {
        Loss::Access { api } => text!("Its access to {api}: that API was deleted.", api),
        Loss::ExternalId(id) => {
            text!("Its external ID {id}: another application has it by now.", id)
        }
        Loss::Introspection { api } => {
            text!("That it introspects the tokens of {api}: that API was deleted.", api)
        }
        Loss::Marked { api } => text!(
            "Its access to {api}: some of it was marked as sensitive since, and takes two persons. Ask for it once the application is back.",
            api
        ),
        Loss::Owner(name) => text!("Its owner {name}, who is not there any more.", name),
        Loss::Scope { api, scope } => {
            text!("{scope} of {api}: that scope was removed.", scope, api)
        }
    }
}

impl Restoration {
    fn href(&self) -> String {
        restoration_href(&self.found.deletion.client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command line says it by `Display`, and the catalogue has it from here.
    #[test]
    fn what_is_lost_is_said_alike_by_the_console_and_the_command_line() {
        let (api, scope) = (|| "API A".to_owned(), "write".to_owned());
        for loss in [
            Loss::Access { api: api() },
            Loss::ExternalId("x-1".to_owned()),
            Loss::Introspection { api: api() },
            Loss::Marked { api: api() },
            Loss::Owner("Payments".to_owned()),
            Loss::Scope { api: api(), scope },
        ] {
            assert_eq!(said(&loss).to_string(), loss.to_string());
        }
    }
}
