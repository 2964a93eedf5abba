//! `GET /people/teams`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::team::Team;
use crate::store::{Conn, Error, teams};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/teams/index.html")]
struct Index {
    chrome: Chrome,
    manages: bool,
    rows: Vec<Row>,
}

struct Row {
    team: Team,
    people: i64,
    applications: i64,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let read = |conn: &mut Conn| Ok::<_, Error>((teams::all(conn)?, teams::counts(conn)?));
    let (all, counts) = app.pages.read(read).await?;
    let row = |team: Team| {
        let counted = counts.iter().find(|(id, ..)| *id == team.id);
        let (people, applications) = counted.map_or((0, 0), |(_, people, owned)| (*people, *owned));
        Row { team, people, applications }
    };
    page::html(&Index {
        chrome: person.chrome("/people"),
        manages: person.manages(),
        rows: all.into_iter().map(row).collect(),
    })
}
