//! `POST /sign-out`.
use actix_session::Session;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};

use crate::admin::{self, sessions};
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::web::App;

pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let actor = person.actor.clone();
    app.store.write::<_, admin::Error, _>(move |conn| sessions::end(conn, &actor)).await?;
    session.purge();
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, "/sign-in"))
        .insert_header(("clear-site-data", "\"cache\", \"storage\""))
        .finish())
}
