//! `/revocations/new`: what a revocation would hit, and then it.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::choice;
use super::what::{Names, What};
use crate::admin::revocations::{self, Subject};
use crate::admin::{self};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, page};
use crate::model::because::Because;
use crate::model::revocation::{Recorded, holds_token, read_reason};
use crate::model::role::Right;
use crate::model::signing_key::{Purpose, SigningKey};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::revocations::exposure::{self, Preview};
use crate::store::{self, Conn, signing_keys};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/revocations/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    subject: Subject,
    what: What,
    /// Of a key: that it signs no tokens.
    is_for_status: bool,
    live: Text,
    last_expiry: Option<Moment>,
    /// When its tokens were revoked last, and the page of that.
    before: Option<(Moment, String)>,
    reason: String,
    /// How long status lists are kept.
    ttl: Text,
    /// What to type for a revocation of this size.
    phrase: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    kind: String,
    subject: String,
    reason: String,
    confirmation: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let kind = Kind::parse(&query.kind);
    let Some(kind) = kind.filter(|kind| !query.subject.is_empty() || *kind == Kind::Everything)
    else {
        return choice::get(person, app).await;
    };
    let input = Input { reason: String::new(), ..query.into_inner() };
    page::html(&fill(&person, &app, (kind, input), FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (input, app) = (form.into_inner(), app.into_inner());
    let kind = Kind::parse(&input.kind).ok_or(Failure::Malformed)?;
    let reason = match read(kind, &input) {
        Ok(reason) => reason,
        Err(errors) => {
            return page::unprocessable(&fill(&person, &app, (kind, input), errors).await?);
        }
    };
    let (actor, subject) = (person.actor.clone(), input.subject.clone());
    let without = (actor.clone(), subject.clone(), reason.clone());
    let asker =
        admin::Actor { because: Because::read(&reason).ok().flatten(), ..person.actor.clone() };
    let revoke = move |conn: &mut Conn| revocations::revoke(conn, &actor, kind, &subject, &reason);
    match act_or_ask(&app, &asker, revoke).await {
        Ok(Settled::Asked(request)) => Ok(person.asked(&request)),
        Ok(Settled::Done(made)) => Ok(page::see_other(&format!("/revocations/{}", made.id))),
        // What cannot be committed is to be in force all the same.
        Err(admin::Error::Store(error @ store::Error::Unavailable(_))) => {
            let (actor, subject, reason) = without;
            let late = revocations::unasked(&actor, kind, &subject, &reason)?;
            app.keep(late).await.map_err(|_| Failure::Store(error))?;
            Ok(page::see_other("/revocations"))
        }
        Err(admin::Error::Conflict(why)) => Err(Failure::Conflict(why)),
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, &app, (kind, input), errors).await?)
        }
    }
}

/// The reason, when that and the confirmation are as they must be.
fn read(kind: Kind, input: &Input) -> Result<String, FieldErrors> {
    let reason = read_reason(&input.reason);
    let wanted = phrase(kind, &input.subject).filter(|phrase| *phrase != input.confirmation.trim());
    let mut errors: FieldErrors = reason.as_ref().err().cloned().unwrap_or_default().into();
    if let Some(phrase) = wanted {
        errors = errors.and("confirmation", text!("Type {phrase} to revoke this.", phrase));
    }
    if errors.is_empty() { Ok(reason.unwrap_or_default()) } else { Err(errors) }
}

fn phrase(kind: Kind, subject: &str) -> Option<String> {
    match kind {
        Kind::Everything => Some("everything".to_owned()),
        Kind::Key => Some(subject.chars().take(8).collect()),
        _ => None,
    }
}

async fn fill(
    person: &SignedIn,
    app: &App,
    (kind, input): (Kind, Input),
    errors: FieldErrors,
) -> Result<New, Failure> {
    let now = person.now();
    let found = app.pages.read(move |conn| find(conn, kind, &input.subject, now)).await?;
    let Found { subject, what, key, before } = found.ok_or(Failure::NotFound)?;
    if kind == Kind::Token && subject.expires_at.is_none_or(|end| end <= now) {
        let expired = en("This token has expired; nothing accepts it.");
        return Err(Failure::Conflict(expired.to_owned()));
    }
    let preview = exposure::preview(&app.store, &subject.revocation(String::new(), now)).await?;
    Ok(New {
        chrome: person.chrome("/revocations"),
        errors,
        phrase: phrase(kind, &subject.text),
        is_for_status: key.is_some_and(|key| key.purpose == Purpose::TokenStatus),
        ttl: duration::text(Seconds(app.config.status_list_ttl_seconds)),
        live: live(preview),
        last_expiry: preview
            .last_expiry
            .filter(|_| !preview.is_partial)
            .map(|at| Moment::new(at, now)),
        before: before
            .map(|found| (Moment::new(found.revocation.created_at, now), found.revocation.id)),
        subject,
        what,
        reason: if holds_token(&input.reason) { String::new() } else { input.reason },
    })
}

struct Found {
    subject: Subject,
    what: What,
    key: Option<SigningKey>,
    /// The newest of the same subject.
    before: Option<Recorded>,
}

fn find(
    conn: &mut Conn,
    kind: Kind,
    text: &str,
    now: UnixTime,
) -> Result<Option<Found>, store::Error> {
    let subject = match revocations::find(conn, kind, text) {
        Ok(subject) => subject,
        Err(admin::Error::Store(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let revocation = subject.revocation(String::new(), now);
    let names = Names::read(conn, std::iter::once(&revocation))?;
    let key = if kind == Kind::Key { signing_keys::find(conn, text)? } else { None };
    Ok(Some(Found {
        what: names.what(&revocation),
        key,
        before: store::revocations::find_by_subject(conn, kind, &subject.text)?,
        subject,
    }))
}

fn live(preview: Preview) -> Text {
    match (preview.live_tokens, preview.is_partial) {
        (0, true) => text!("Too many to look at"),
        (count, true) => text!("{n} or more", n = count),
        (0, false) => text!("None"),
        (count, false) => Text::data(count.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_to_its_end_is_told_as_such() {
        let told =
            |live_tokens, is_partial| live(Preview { live_tokens, is_partial, last_expiry: None });
        assert_eq!(told(0, false), "None");
        assert_eq!(told(7, false), "7");
        assert_eq!(told(98_304, true), "98304 or more");
        assert_eq!(told(0, true), "Too many to look at");
    }
}
