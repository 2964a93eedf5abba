//! `/people/teams/{id}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::{Error as ActError, teams as acts};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::team::Team;
use crate::store::{Conn, Error, teams};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/teams/deletion.html")]
struct Deletion {
    chrome: Chrome,
    team: Team,
    people: i64,
    applications: i64,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let id = id.into_inner();
    let read = move |conn: &mut Conn| {
        let Some(team) = teams::find(conn, &id)? else { return Ok(None) };
        let counted = teams::counts(conn)?.into_iter().find(|(known, ..)| *known == id);
        Ok::<_, Error>(Some((team, counted)))
    };
    let (team, counted) = app.pages.read(read).await?.ok_or(Failure::NotFound)?;
    let (people, applications) = counted.map_or((0, 0), |(_, people, owned)| (people, owned));
    page::html(&Deletion { chrome: person.chrome("/people"), team, people, applications })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (actor, id) = (person.actor.clone(), id.into_inner());
    let delete = move |conn: &mut Conn| acts::delete(conn, &actor, &id);
    app.store.write::<_, ActError, _>(delete).await?;
    person.notice(text!("The team is deleted."));
    Ok(page::see_other("/people/teams"))
}
