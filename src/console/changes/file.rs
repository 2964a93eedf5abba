//! `GET /changes.csv`: all acts that the list is narrowed to, oldest first.
use actix_web::{HttpResponse, web};

use super::query::Query;
use crate::console::failure::Failure;
use crate::console::log::file::send;
use crate::console::signed_in::SignedIn;
use crate::reports::rows::Format;
use crate::web::App;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let filter = query.into_inner().tidy().filter().map_err(|_| Failure::Malformed)?;
    send(person, app, (Format::Csv, "changes"), filter).await
}
