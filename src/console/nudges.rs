//! `POST …/nudges/dismissal` and `…/nudges/restoration`: sets a thing to look at
//! aside, and has it said again; of an application from its page, of anything
//! from the overview.
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::failure::Failure;
use super::nudge::Nudge;
use super::page;
use super::signed_in::SignedIn;
use super::{applications, work};
use crate::admin::{self, nudges};
use crate::model::nudge::{Kind, Matter};
use crate::model::role::Right;
use crate::store::Conn;
use crate::text;
use crate::texts::Text;
use crate::web::App;

/// What it is about, as its button says.
#[derive(Deserialize)]
pub struct Input {
    kind: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    subject: String,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/nudges/dismissal", web::post().to(dismiss))
        .route("/nudges/restoration", web::post().to(restore))
        .route("/applications/{client_id}/nudges/dismissal", web::post().to(dismiss_of))
        .route("/applications/{client_id}/nudges/restoration", web::post().to(restore_of));
}

async fn dismiss(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (matter, now) = (form.into_inner().matter()?, person.now());
    let policy = app.key_policy();
    let read = move |conn: &mut Conn| Ok(work::Seen::read(conn, now)?.nudges(policy, now));
    let nudges = app.pages.read(read).await?;
    set_aside(&person, app, matter, nudges).await?;
    Ok(page::see_other("/"))
}

async fn dismiss_of(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (client_id, now) = (client_id.into_inner(), person.now());
    let matter = Matter { client_id: client_id.clone(), ..form.into_inner().matter()? };
    let read = move |conn: &mut Conn| applications::show::nudges(conn, &client_id, now);
    let nudges = app.pages.read(read).await?.ok_or(Failure::NotFound)?;
    let back = format!("/applications/{}", matter.client_id);
    set_aside(&person, app, matter, nudges).await?;
    Ok(page::see_other(&back))
}

async fn restore(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    bring_back(&person, app, form.into_inner().matter()?).await?;
    Ok(page::see_other("/"))
}

async fn restore_of(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let matter = Matter { client_id: client_id.into_inner(), ..form.into_inner().matter()? };
    let back = format!("/applications/{}", matter.client_id);
    bring_back(&person, app, matter).await?;
    Ok(page::see_other(&back))
}

/// Sets aside what is said of `matter` among `nudges`: its words and how urgent
/// it is are not the form's to say.
async fn set_aside(
    person: &SignedIn,
    app: web::Data<App>,
    matter: Matter,
    nudges: Vec<Nudge>,
) -> Result<(), Failure> {
    let said = nudges.into_iter().find(|nudge| nudge.matter == matter);
    let nudge = said.ok_or_else(|| {
        Failure::Conflict("There is nothing to set aside: it has been seen to meanwhile.".into())
    })?;
    let (actor, rest) = (person.actor.clone(), nudge.rest());
    app.into_inner()
        .act::<_, admin::Error, _>(move |conn| {
            nudges::dismiss(conn, &actor, &nudge.matter, (nudge.urgency, &nudge.what.to_string()))
        })
        .await?;
    let rest = Text::new(rest);
    let text = text!("It is set aside for {rest}, and said again if it becomes more urgent.", rest);
    person.notice(text);
    Ok(())
}

async fn bring_back(person: &SignedIn, app: web::Data<App>, matter: Matter) -> Result<(), Failure> {
    let actor = person.actor.clone();
    app.into_inner()
        .act::<_, admin::Error, _>(move |conn| nudges::restore(conn, &actor, &matter))
        .await?;
    person.notice(text!("It stands among the things to look at again."));
    Ok(())
}

impl Input {
    /// # Errors
    /// `Malformed`: no such kind.
    fn matter(self) -> Result<Matter, Failure> {
        let kind = Kind::parse(&self.kind).ok_or(Failure::Malformed)?;
        Ok(Matter { kind, client_id: self.client_id, subject: self.subject })
    }
}
