//! A form that was sent in vain: because the session had ended, because somebody
//! has to say again who they are, or because it was refused. It is kept, and
//! filled in again on its page. Passwords, tokens and secrets are not.
use actix_session::{Session, SessionExt as _};
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::failure::{self, Halt};
use super::language;
use super::link;
use super::pages::{self, Need};
use super::refill::{because_again, refill};
use super::sent::Fields;
use super::session;
use crate::model::because::holds_secret;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::text;
use crate::web::App;
use crate::web::session_store::{ADMINISTRATOR, DRAFT};

/// The most characters of one, names included.
const MOST: usize = 16_384;
/// How long it is kept.
const KEPT: Seconds = Seconds::HOUR;
/// What the page of a sign-in carries it sealed for.
const PURPOSE: &str = "a form that was sent in vain";

/// Fields that are secret by what they are for.
const NEVER: [&str; 8] =
    ["client_secret", "code", "current", "draft", "new", "password", "repeated", "token"];

/// Forms that are about nothing else, or not worth it.
const NONE: [&str; 4] = ["/preferences/", "/profile/", "/session/", "/tester"];

/// Pages that stand at a query, and what fields of their form say it.
const AT_QUERY: [(&str, &[&str]); 4] = [
    ("/apis/{id}/routes/deletion", &["method", "path"]),
    ("/applications/{client_id}/access/restoration", &["before"]),
    ("/keys/rotation", &["purpose", "algorithm"]),
    ("/revocations/new", &["kind", "subject"]),
];

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// The page that the form stands on.
    pub page: String,
    /// Where it is sent to.
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// Microseconds.
    at: i64,
}

impl Draft {
    /// The form of this request; `None`: it has none, or none to be kept.
    fn of(request: &HttpRequest, now: UnixTime) -> Option<Self> {
        let pattern = request.match_pattern()?;
        let need = pages::need(request.method().as_str(), &pattern)?;
        let kept = matches!(need, Need::Right(_) | Need::Confirmed(_))
            && !NONE.iter().any(|start| pattern.starts_with(start));
        let extensions = request.extensions();
        let sent = extensions.get::<Fields>().filter(|_| kept)?;
        let plain = |(name, value): &&(String, String)| {
            !NEVER.contains(&name.as_str()) && !holds_secret(value)
        };
        let fields: Vec<_> = sent.0.iter().filter(plain).cloned().collect();
        let length: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let action = request.path().to_owned();
        let page = at_query(&pattern, pages::form_of(&pattern, &action), &fields);
        (length <= MOST).then_some(Self { page, action, fields, at: now.0 })
    }

    /// As the page of a sign-in carries it.
    fn sealed(&self, app: &App) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        app.keys.seal_text(PURPOSE, &plain).ok().map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    /// `None`: it is none of ours, or too old.
    pub fn open(app: &App, text: &str, now: UnixTime) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = app.keys.open_text(PURPOSE, &sealed).ok()?;
        let draft: Self = serde_json::from_slice(&plain).ok()?;
        (now < UnixTime(draft.at) + KEPT).then_some(draft)
    }

    /// Keeps it for whoever is signed in.
    pub fn keep(&self, session: &Session) {
        // A draft that cannot be kept is not worth a failure.
        let _ = session.insert(DRAFT, self);
    }
}

/// The page with the query that its form's hidden fields stand for.
fn at_query(pattern: &str, page: &str, fields: &[(String, String)]) -> String {
    let names = AT_QUERY.iter().find(|(known, _)| *known == pattern).map(|(_, names)| *names);
    let Some(names) = names else { return page.to_owned() };
    let pairs = fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    link::to(page, &query)
}

/// Keeps the form of an answer that did not take it, or fills in the one that
/// was kept for this page.
pub fn settle(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let request = response.request().clone();
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else { return response };
    let now = app.clock.now();
    if *request.method() == Method::GET {
        return filled(response, &request, now);
    }
    let halt = response.response().extensions().get::<Halt>().copied();
    if response.status() == StatusCode::UNPROCESSABLE_ENTITY && halt.is_none() {
        return with_because(response, &request);
    }
    let Some(draft) = halt.and_then(|_| Draft::of(&request, now)) else { return response };
    let session = request.get_session();
    match halt {
        Some(Halt::SignIn) => {
            let form =
                draft.sealed(&app).map(|sealed| session::new::ended(&app, &draft.page, sealed));
            match form {
                Some(Ok(form)) => response.into_response(form),
                _ => response,
            }
        }
        Some(Halt::Confirm) => {
            draft.keep(&session);
            response.into_response(failure::confirmation(&draft.page))
        }
        Some(Halt::Refused) if session.contains_key(ADMINISTRATOR) => {
            draft.keep(&session);
            failure::lead_back(response, &draft.page)
        }
        _ => response,
    }
}

/// The page with what was typed before, once.
fn filled(
    response: ServiceResponse<BoxBody>,
    request: &HttpRequest,
    now: UnixTime,
) -> ServiceResponse<BoxBody> {
    let session = request.get_session();
    let draft: Option<Draft> = session.get(DRAFT).ok().flatten();
    let here = request.uri().path_and_query().map_or("", |path| path.as_str());
    let Some(draft) = draft.filter(|draft| draft.page == here) else { return response };
    if response.status() != StatusCode::OK {
        return response;
    }
    session.remove(DRAFT);
    if UnixTime(draft.at) + KEPT <= now {
        return response;
    }
    let note = text!("What you typed is filled in again. Nothing was saved.");
    let note = note.in_words_of(&language::current());
    rewritten(response, |html| refill(html, &draft.action, &draft.fields, &note))
}

/// The same form again, after an error in another field, with the reason that
/// was given.
fn with_because(
    response: ServiceResponse<BoxBody>,
    request: &HttpRequest,
) -> ServiceResponse<BoxBody> {
    let extensions = request.extensions();
    let fields = extensions.get::<Fields>().map(|fields| fields.0.as_slice());
    let typed = fields.unwrap_or_default().iter().find(|(name, _)| name == "because");
    match typed.filter(|(_, text)| !text.is_empty() && !holds_secret(text)) {
        Some((_, text)) => rewritten(response, |html| because_again(html, text)),
        None => response,
    }
}

fn rewritten(
    response: ServiceResponse<BoxBody>,
    write: impl FnOnce(&str) -> Option<String>,
) -> ServiceResponse<BoxBody> {
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => {
            let new = std::str::from_utf8(&bytes).ok().and_then(write);
            new.map_or_else(|| BoxBody::new(bytes), BoxBody::new)
        }
        Err(body) => body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_stands_at_a_query_is_led_back_to_with_it() {
        let fields = [
            ("kind".to_owned(), "application".to_owned()),
            ("reason".to_owned(), "typed".to_owned()),
            ("subject".to_owned(), "m2m_1".to_owned()),
        ];
        let at = |pattern, page| at_query(pattern, page, &fields);
        assert_eq!(
            at("/revocations/new", "/revocations/new"),
            "/revocations/new?kind=application&subject=m2m_1"
        );
        assert_eq!(at("/apis/new", "/apis/new"), "/apis/new");
    }
}
