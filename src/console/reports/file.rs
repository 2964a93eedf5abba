//! `GET /reports/{id}/rows.csv`.
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use super::query::Query;
use super::show;
use crate::admin;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::reports::report::{self, MOST, Parameters};
use crate::web::App;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let report = report::find(&id).ok_or(Failure::NotFound)?;
    let told = query.told(person.now()).map_err(|_| Failure::Malformed)?;
    let told = Parameters { most: MOST, ..told };
    if report.missing(&told).is_some() {
        return Err(Failure::Malformed);
    }
    let (what, actor) = (report.describe(&told), person.actor.clone());
    let table = show::answer(&app, report, told).await?;
    let app = app.into_inner();
    // Recorded before the first byte leaves.
    app.act(move |conn| admin::audit::report(conn, &actor, &what)).await?;
    let name = format!("attachment; filename=\"{}.csv\"", report.id);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(table.csv()))
}
