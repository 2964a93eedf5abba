//! `GET /approvals/{id}`: what somebody asks for, and what it would mean.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::pending::plate;
use super::sentence::sentence;
use crate::admin::approvals as acts;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::impact::Impact;
use crate::console::log::diff::Diff;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::approval::{Proposal, Request};
use crate::oauth::UnixTime;
use crate::store::{self, Conn, approvals, resources};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/approvals/show.html")]
pub(super) struct Show {
    chrome: Chrome,
    errors: FieldErrors,
    request: Request,
    diffs: Vec<Diff>,
    asked: Moment,
    expires: Moment,
    decided: Option<Moment>,
    plate: (&'static str, &'static str),
    /// Why it cannot be done any more, while it waits.
    stale: Option<String>,
    means: Means,
    waits: bool,
    /// Whether the reader asked for it.
    is_own: bool,
    /// Whether the reader may decide on it.
    decides: bool,
}

/// What it would mean.
struct Means {
    text: &'static str,
    /// The page of what it is about: where, and its name.
    link: Option<(String, Text)>,
    /// Use of what would be taken away, or of what would get more.
    impact: Option<Impact>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, id.into_inner(), FieldErrors::default()).await?)
}

pub(super) async fn fill(
    person: &SignedIn,
    app: &App,
    id: String,
    errors: FieldErrors,
) -> Result<Show, Failure> {
    let now = person.now();
    let read = move |conn: &mut Conn| {
        let Some(request) = approvals::find(conn, &id)? else { return Ok(None) };
        let waits = request.waits(now);
        let stale = if waits { acts::stale(conn, &request)? } else { None };
        let means = means(conn, &request, now)?;
        Ok::<_, store::Error>(Some((request, stale, means)))
    };
    let (request, stale, means) = app.pages.read(read).await?.ok_or(Failure::NotFound)?;
    let (waits, is_own) = (request.waits(now), request.asked_by == person.administrator.id);
    Ok(Show {
        chrome: person.chrome("/approvals"),
        errors,
        diffs: Diff::all(&request.changes),
        asked: Moment::new(request.asked_at, now),
        expires: Moment::new(request.expires_at, now),
        decided: request.decision.as_ref().map(|decision| Moment::new(decision.at, now)),
        plate: plate(&request, now),
        stale,
        means,
        waits,
        is_own,
        decides: waits && !is_own && person.may(request.proposal.right()),
        request,
    })
}

fn means(conn: &mut Conn, request: &Request, now: UnixTime) -> Result<Means, store::Error> {
    let api = |conn: &mut Conn, id: &str, scope: &str| match resources::find(conn, id)? {
        Some(found) => Impact::of_api(conn, &found.identifier, scope, now).map(Some),
        None => Ok(None),
    };
    let name = || Text::data(request.target_name.clone());
    let (text, link, impact) = match &request.proposal {
        Proposal::SetAccess { client_id, .. } => (
            en("Its next token may carry what is added, for whoever holds one of its secrets."),
            Some((format!("/applications/{client_id}"), name())),
            Some(Impact::of_application(conn, client_id, None, now)?),
        ),
        Proposal::RemoveScope { resource_id, scope } => (
            en("The scope goes from every grant that names it. Registered again it has no mark."),
            Some((format!("/apis/{resource_id}"), name())),
            api(conn, resource_id, scope)?,
        ),
        Proposal::DeleteResource { resource_id, .. } => (
            en(
                "No more tokens for it, and those that are out are revoked. Registered again it has \
             no mark.",
            ),
            Some((format!("/apis/{resource_id}"), name())),
            api(conn, resource_id, "")?,
        ),
        Proposal::Unmark { resource_id, scope } => (
            en("From then on one person alone may grant it."),
            Some((format!("/apis/{resource_id}"), name())),
            api(conn, resource_id, scope.as_deref().unwrap_or_default())?,
        ),
        Proposal::RevokeEverything { .. } => (
            en("Every token of every application that was issued before it is approved is dead. \
             Applications get new ones by themselves."),
            Some(("/revocations/new?kind=everything".to_owned(), text!("What it would hit"))),
            None,
        ),
        Proposal::RevokeKey { kid, .. } => (
            en(
                "Whatever this key signed is dead, and it signs nothing any more. The one that stands \
             by takes over at once.",
            ),
            Some((format!("/revocations/new?kind=key&subject={kid}"), text!("What it would hit"))),
            None,
        ),
        Proposal::RotateKey { .. } => (
            en(
                "The key that stands by signs from then on. Tokens that the other signed stay good \
             until they expire.",
            ),
            Some(("/keys".to_owned(), text!("Signing keys"))),
            None,
        ),
        Proposal::ChangeRole { administrator_id, .. } => (
            en("Their sessions end, and they sign in again with the new role."),
            Some((format!("/people/{administrator_id}"), name())),
            None,
        ),
    };
    Ok(Means { text, link, impact })
}

impl Show {
    fn title(&self) -> Text {
        sentence(&self.request)
    }

    /// Who decided, in words: `Refused by Grace`.
    fn decision(&self) -> Text {
        match &self.request.decision {
            Some(decision) if !decision.by_name.is_empty() => {
                text!("{done} by {who}", done = Text::new(self.plate.0), who = &decision.by_name)
            }
            _ => Text::new(self.plate.0),
        }
    }

    fn why_decided(&self) -> &str {
        self.request.decision.as_ref().map_or("", |decision| &decision.reason)
    }
}
