//! `POST /sign-in-attempts/blocks` and `POST /sign-in-attempts/blocks/deletion`.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::index;
use crate::admin::guard;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::oauth::time::Seconds;
use crate::store::Conn;
use crate::text;
use crate::web::App;

/// The fields as they were typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    pub network: String,
    /// Seconds.
    pub length: i64,
    pub reason: String,
}

#[derive(Deserialize)]
pub struct Named {
    network: String,
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (actor, input) = (person.actor.clone(), form.into_inner());
    let typed = input.clone();
    let block = move |conn: &mut Conn| {
        guard::block(conn, &actor, &typed.network, Seconds(typed.length), &typed.reason)
    };
    match app.store.write(block).await {
        Ok(network) => {
            person.notice(text!("Nobody signs in from {network} for now.", network));
            Ok(page::see_other("/sign-in-attempts"))
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&index::fill(&person, &app, input, errors).await?)
        }
    }
}

pub async fn post_deletion(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Named>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (actor, network) = (person.actor.clone(), form.into_inner().network);
    let named = network.clone();
    app.store.write(move |conn| guard::unblock(conn, &actor, &named)).await?;
    person.notice(text!("{network} may sign in again.", network));
    Ok(page::see_other("/sign-in-attempts"))
}
