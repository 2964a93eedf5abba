//! `POST /apis/{id}/introspectors/{client_id}/deletion`. Without a page that
//! asks: it is given back as easily.
use actix_web::{HttpResponse, web};

use crate::admin;
use crate::admin::introspectors::{self, Of};
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::store::Conn;
use crate::text;
use crate::web::App;

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, client_id) = path.into_inner();
    let (actor, of) = (person.actor.clone(), Of::Resource(id.clone()));
    let remove = move |conn: &mut Conn| introspectors::remove(conn, &actor, &of, &client_id);
    app.into_inner().act::<_, admin::Error, _>(remove).await?;
    person.notice(text!("The application may introspect its tokens no more."));
    Ok(page::see_other(&format!("/apis/{id}/verification#s-introspectors")))
}
