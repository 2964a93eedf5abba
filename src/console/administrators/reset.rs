//! `POST /people/{id}/password-reset`: an owner starts it, and hands the link
//! over.
use actix_web::{HttpResponse, web};
use zeroize::Zeroizing;

use super::link::{self, Words};
use crate::admin::links;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::text;
use crate::texts::en;
use crate::web::App;

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (actor, id) = (person.actor.clone(), id.into_inner());
    let started = app.store.write(move |conn| links::start_reset(conn, &actor, &id)).await;
    let (found, token) = started?;
    let url = Zeroizing::new(app.config.console_url(&format!("/password-reset?token={}", *token)));
    let words = Words {
        title: text!("A new password for {name}", name = &found.name),
        about: en(
            "With this link they choose one. Until then the old one works; after it, their sessions are ended.",
        ),
        back: &format!("/people/{}", found.id),
    };
    link::show(&person, &words, &url, person.now() + links::RESET_LIFETIME)
}
