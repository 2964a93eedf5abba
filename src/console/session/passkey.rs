//! Passkeys on the way in: what browsers are asked, and `/session/passkey`, the
//! sign-in with one alone.
use std::sync::Arc;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::guard::Asked;
use super::{beginning, guard, new, openid};
use crate::admin::factors::{self, Proof};
use crate::admin::sessions::{self, Refused, RefusedPasskey};
use crate::admin::{self, Actor, passkeys};
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::anonymous;
use crate::model::administrator::Administrator;
use crate::model::passkey::{Passkey, Purpose};
use crate::oauth::UnixTime;
use crate::store::{self, Conn, administrators};
use crate::texts::en;
use crate::web::relying_party::{Question, RelyingParty, Shown, Wrong};
use crate::web::{App, peer};

/// What the script puts into a form: the challenge's id, and what the browser
/// made of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub challenge: String,
    pub credential: String,
}

#[derive(Deserialize)]
pub struct Input {
    #[serde(flatten)]
    answer: Answer,
    next: Option<String>,
    /// The form that was sent after the session had ended.
    #[serde(default)]
    draft: String,
}

/// # Errors
/// `NotFound`: where the console is there can be no passkeys.
pub fn relying_party(app: &App) -> Result<&RelyingParty, Failure> {
    app.relying_party.as_ref().ok_or(Failure::NotFound)
}

/// `POST /session/passkey/challenge`: the same for everybody.
pub async fn post_challenge(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let question = relying_party(&app)?.ask_anybody().map_err(broken)?;
    let place = peer::address(&request, &app.config.trusted_proxies);
    if let Some(wait) = app.challenges.wait(&place) {
        return Err(Failure::TooMany { wait });
    }
    app.challenges.failed(&place);
    ask(&app, &anonymous(&request, &app), (Purpose::SignIn, ""), question).await
}

/// Keeps the challenge, and asks the browser.
///
/// # Errors
/// The database's.
pub async fn ask(
    app: &App,
    actor: &Actor,
    (purpose, administrator_id): (Purpose, &str),
    question: Question,
) -> Result<HttpResponse, Failure> {
    let (actor, id) = (actor.clone(), administrator_id.to_owned());
    let kept = app.store.write::<_, store::Error, _>(move |conn| {
        passkeys::challenge(conn, &actor, (purpose, &id), question.state)
    });
    page::json(&json!({ "challenge": kept.await?, "publicKey": question.options }))
}

/// Asks for one of the passkeys of `person`.
///
/// # Errors
/// `NotFound`: they have none.
pub async fn ask_person(
    app: &App,
    actor: &Actor,
    person: &Administrator,
    purpose: Purpose,
) -> Result<HttpResponse, Failure> {
    let party = relying_party(app)?;
    let known = of(app, person).await?;
    if known.is_empty() {
        return Err(Failure::NotFound);
    }
    ask(app, actor, (purpose, &person.id), party.ask_for(&known).map_err(broken)?).await
}

pub async fn of(app: &App, person: &Administrator) -> Result<Vec<Passkey>, Failure> {
    let id = person.id.clone();
    Ok(app.store.read(move |conn| store::passkeys::of(conn, &id)).await?)
}

pub fn broken(wrong: Wrong) -> Failure {
    Failure::Broken(format!("passkeys: {wrong:?}"))
}

/// What an answer of `person` proves, once it is spent.
///
/// # Errors
/// The database's.
pub async fn proof(
    app: &App,
    person: &Administrator,
    purpose: Purpose,
    answer: &Answer,
    now: UnixTime,
) -> Result<Result<Proof, RefusedPasskey>, Failure> {
    let party = relying_party(app)?;
    let Some(shown) = Shown::read(&answer.credential) else { return Ok(Err(unreadable())) };
    let known = of(app, person).await?;
    let found = known.into_iter().find(|one| one.credential_id == shown.credential_id);
    let Some(state) = take(app, (purpose, &person.id), &answer.challenge, now).await? else {
        return Ok(Err(refused(Refused::UsedChallenge, &name(found.as_ref(), &shown), "")));
    };
    let Some(found) = found else {
        return Ok(Err(refused(Refused::UnknownPasskey, &name(None, &shown), "")));
    };
    Ok(match party.proves(&state, &shown, &found) {
        Ok(after) => Ok(Proof::Passkey { id: found.id, before: found.credential, after }),
        Err(wrong) => Err(of_wrong(wrong, &found.id)),
    })
}

/// `POST /session/passkey`. The same answer whatever is wrong; the audit log
/// knows what it was.
pub async fn post(
    request: HttpRequest,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (app, form) = (app.into_inner(), form.into_inner());
    let actor = anonymous(&request, &app);
    let party = relying_party(&app)?;
    let shown = Shown::read(&form.answer.credential);
    let found = find(&app, shown.as_ref()).await?;
    let person = found.as_ref().map(|(_, person)| person.clone());
    let email = person.as_ref().map(|person| person.email.as_str());
    let account = (email.unwrap_or("passkey"), person.as_ref());
    let admission = guard::admit(&app, &actor, &request, account, Asked::Passkey).await?;
    let checked = check(&app, party, (shown, found), &form.answer, actor.now).await;
    let begun = match checked {
        Ok(Ok((person, proof))) => begin(&app, &actor, &person, proof).await,
        Ok(Err(refused)) => Ok(Err(refused)),
        Err(failure) => Err(failure),
    };
    match begun {
        Ok(Ok(person)) => {
            admission.acquit(&app, &actor).await?;
            app.metrics.sign_in("success");
            beginning::begin(&session, &actor, &person, true)?;
            new::keep(&session, &app, &form.draft, &actor);
            let mut answer = page::see_other(&page::local(form.next));
            beginning::remember(&mut answer, &app, &actor, &person)?;
            Ok(answer)
        }
        Ok(Err(refused)) => {
            app.metrics.sign_in(refused.why.as_str());
            app.recorder.record(sessions::passkey_refusal(&actor, email, &refused)).await?;
            new::refused_passkey(&app, page::local(form.next), form.draft)
        }
        Err(failure) => {
            // Nothing was guessed.
            admission.refund(&app, &actor).await?;
            Err(failure)
        }
    }
}

type Found = Option<(Passkey, Administrator)>;

async fn find(app: &App, shown: Option<&Shown>) -> Result<Found, Failure> {
    let Some(credential_id) = shown.map(|shown| shown.credential_id.clone()) else {
        return Ok(None);
    };
    let find = move |conn: &mut Conn| {
        let Some(passkey) = store::passkeys::find_by_credential(conn, &credential_id)? else {
            return Ok(None);
        };
        let person = administrators::find(conn, &passkey.administrator_id)?;
        Ok(person.map(|person| (passkey, person)))
    };
    Ok(app.store.read(find).await?)
}

async fn check(
    app: &App,
    party: &RelyingParty,
    (shown, found): (Option<Shown>, Found),
    answer: &Answer,
    now: UnixTime,
) -> Result<Result<(Administrator, Proof), RefusedPasskey>, Failure> {
    let Some(shown) = shown else { return Ok(Err(unreadable())) };
    let Some(state) = take(app, (Purpose::SignIn, ""), &answer.challenge, now).await? else {
        let id = name(found.as_ref().map(|(passkey, _)| passkey), &shown);
        return Ok(Err(refused(Refused::UsedChallenge, &id, "")));
    };
    let Some((passkey, person)) = found else {
        return Ok(Err(refused(Refused::UnknownPasskey, &name(None, &shown), "")));
    };
    Ok(match party.proves_who(&state, &shown, &passkey) {
        Ok(_) if !person.active => Err(refused(Refused::Suspended, &passkey.id, "")),
        Ok(_) if openid::must_say(app, &person.id).await? => {
            Err(refused(Refused::NotThroughProvider, &passkey.id, ""))
        }
        Ok(after) => {
            Ok((person, Proof::Passkey { id: passkey.id, before: passkey.credential, after }))
        }
        Err(wrong) => Err(of_wrong(wrong, &passkey.id)),
    })
}

/// Uses the proof up and begins the session, in one transaction.
async fn begin(
    app: &Arc<App>,
    actor: &Actor,
    person: &Administrator,
    proof: Proof,
) -> Result<Result<Administrator, RefusedPasskey>, Failure> {
    let (actor, id) = (actor.clone(), person.id.clone());
    let passkey = proof.passkey().unwrap_or_default().to_owned();
    let named = passkey.clone();
    let done = app.store.write::<_, admin::Error, _>(move |conn| {
        if !factors::spend(conn, &actor, &id, &proof)? {
            return Ok(None);
        }
        sessions::begin_with(conn, &actor, &id, (sessions::PASSKEY, Some(&named))).map(Some)
    });
    match done.await {
        Ok(Some(person)) => Ok(Ok(person)),
        Ok(None) => Ok(Err(spent(&passkey))),
        Err(admin::Error::NotFound) => Ok(Err(refused(Refused::Suspended, &passkey, ""))),
        Err(error) => Err(error.into()),
    }
}

async fn take(
    app: &App,
    (purpose, administrator_id): (Purpose, &str),
    challenge: &str,
    now: UnixTime,
) -> Result<Option<String>, Failure> {
    let (id, challenge) = (administrator_id.to_owned(), challenge.to_owned());
    let take =
        move |conn: &mut Conn| passkeys::take_challenge(conn, (purpose, &id), &challenge, now);
    Ok(app.store.write::<_, store::Error, _>(take).await?)
}

/// Takes the challenge that a new passkey answers, and reads it.
///
/// # Errors
/// The database's.
pub async fn made(
    app: &App,
    person: &Administrator,
    purpose: Purpose,
    (answer, name): (&Answer, &str),
    now: UnixTime,
) -> Result<Result<passkeys::NewPasskey, String>, Failure> {
    let party = relying_party(app)?;
    let Some(state) = take(app, (purpose, &person.id), &answer.challenge, now).await? else {
        return Ok(Err(en("That took too long. Try again.").to_owned()));
    };
    let Ok(made) = party.made(&state, &answer.credential) else {
        return Ok(Err(en("This passkey cannot be used here. Try another.").to_owned()));
    };
    Ok(crate::model::passkey::read_name(name, &made.aaguid).map(|name| passkeys::NewPasskey {
        credential_id: made.credential_id,
        credential: made.credential,
        name,
        aaguid: made.aaguid,
        transports: made.transports,
    }))
}

/// What the log calls a passkey.
fn name(known: Option<&Passkey>, shown: &Shown) -> String {
    known.map_or_else(|| shown.called(), |known| known.id.clone())
}

fn refused(why: Refused, credential_id: &str, about: &'static str) -> RefusedPasskey {
    RefusedPasskey { why, credential_id: credential_id.to_owned(), about }
}

fn unreadable() -> RefusedPasskey {
    refused(Refused::BadPasskey, "", "cannot be read")
}

pub fn spent(passkey: &str) -> RefusedPasskey {
    refused(Refused::BadPasskey, passkey, "used or removed meanwhile")
}

fn of_wrong(wrong: Wrong, passkey: &str) -> RefusedPasskey {
    match wrong {
        Wrong::Cloned => refused(Refused::ClonedPasskey, passkey, ""),
        Wrong::Other(about) => refused(Refused::BadPasskey, passkey, about),
    }
}
