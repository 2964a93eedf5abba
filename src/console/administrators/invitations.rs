//! `POST /people/invitations/{id}/revocation`.
use actix_web::{HttpResponse, web};

use crate::admin::links;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::text;
use crate::web::App;

pub async fn post_revocation(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (actor, id) = (person.actor.clone(), id.into_inner());
    let revoke = move |conn: &mut crate::store::Conn| links::revoke_invitation(conn, &actor, &id);
    let revoked = app.store.write(revoke).await?;
    person.notice(text!(
        "The invitation of {name} is worth nothing now.",
        name = revoked.details.name,
    ));
    Ok(page::see_other("/people"))
}
