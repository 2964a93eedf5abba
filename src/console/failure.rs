//! What a person sees when there is no page.
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;

use super::language;
use crate::model::role::Right;
use crate::oauth::time::Seconds;
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::actor;
use crate::{admin, audit, store};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("audit: {0}")]
    Audit(#[from] audit::NotRecorded),
    /// Enough passwords are being checked already.
    #[error("too much to do")]
    Busy,
    /// Ours; the text is for the log.
    #[error("{0}")]
    Broken(String),
    /// They have to say again that it is them; `next` is where they go on.
    #[error("signed in too long ago")]
    Confirm { next: String },
    #[error("{0}")]
    Conflict(String),
    #[error("the role lacks the right")]
    Forbidden(Right),
    /// A POST that no page of ours sent.
    #[error("not from a page of this console")]
    Forged,
    #[error("the form cannot be read")]
    Malformed,
    #[error("there is no such page or thing")]
    NotFound,
    /// Whoever came back from the OpenID provider is not signed in. They are told
    /// the same whatever the reason.
    #[error("not believed")]
    NotBelieved,
    /// The OpenID provider does not answer.
    #[error("the provider is away")]
    ProviderAway,
    /// Nobody is signed in; `next` is where they wanted to go.
    #[error("not signed in")]
    SignIn { next: String },
    #[error("store: {0}")]
    Store(#[from] store::Error),
    #[error("too many attempts")]
    TooMany { wait: Seconds },
    /// What was typed cannot be taken; the sentence is for the person.
    #[error("{0}")]
    Unfit(String),
    /// The role lacks the right; these are some who have it.
    #[error("the role lacks the right")]
    Withheld { right: Right, from: Vec<String> },
}

/// Why a form that was sent came to nothing, where it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    Confirm,
    Refused,
    SignIn,
}

#[derive(Clone, Template)]
#[template(path = "failure/page.html")]
struct Page {
    title: &'static str,
    text: Text,
    link: String,
    link_text: &'static str,
    /// An operator finds the cause by it.
    request_id: String,
    /// What may be searched for instead, when there is no such page.
    search: Option<String>,
}

/// Names the request on the page of a failure, which is written before anybody
/// knows which request it was.
pub fn complete(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let page = response.response_mut().extensions_mut().remove::<Page>();
    let Some(page) = page else { return response };
    let request_id = actor::request_id(response.request()).unwrap_or_default();
    let path = response.request().path();
    let lost = response.status() == StatusCode::NOT_FOUND;
    let search = lost.then(|| last_part(path));
    let text = Page { request_id, search, ..page }.render_with_values(&language::current());
    match text {
        Ok(text) => response.map_body(|_, _| BoxBody::new(text)),
        Err(_) => response,
    }
}

/// The end of a path: most likely an id. Nothing that may be secret.
fn last_part(path: &str) -> String {
    let part = path.rsplit('/').next().unwrap_or_default();
    let is_plain = part.len() <= 64 && !part.contains("eyJ") && !part.contains("csk_");
    if is_plain { part.to_owned() } else { String::new() }
}

/// Leads from the page of a refusal back to the form, which is filled in again.
pub fn lead_back(mut response: ServiceResponse<BoxBody>, page: &str) -> ServiceResponse<BoxBody> {
    if let Some(refusal) = response.response_mut().extensions_mut().get_mut::<Page>() {
        page.clone_into(&mut refusal.link);
        refusal.link_text = en("Back to the form");
    }
    response
}

/// To the page that asks somebody who they are, and leads on to `next`.
pub fn confirmation(next: &str) -> HttpResponse {
    asking(HttpResponse::SeeOther(), "/session/confirmation", next)
}

impl From<admin::Error> for Failure {
    fn from(error: admin::Error) -> Self {
        match error {
            admin::Error::Conflict(why) => Self::Conflict(why),
            admin::Error::Forbidden(right) => Self::Forbidden(right),
            admin::Error::Invalid(fields) => {
                Self::Conflict(fields.into_iter().map(|f| f.message).collect::<Vec<_>>().join(" "))
            }
            admin::Error::NotFound => Self::NotFound,
            waits @ admin::Error::SecondPerson(_) => Self::Conflict(waits.to_string()),
            admin::Error::Store(error) => Self::Store(error),
            too_soon @ admin::Error::TooSoon { .. } => Self::Conflict(too_soon.to_string()),
        }
    }
}

impl Failure {
    fn page(&self) -> Page {
        let back = ("/", en("To the overview"));
        let (title, text, (link, link_text)) = match self {
            Self::Conflict(why) => (en("That did not fit"), Text::looked_up(why), back),
            Self::Forbidden(right) => (en("Not for your role"), forbidden(*right), back),
            Self::Withheld { right, from } => {
                let who = text!("Who may: {names}.", names = from.join(", "));
                (en("Not for your role"), forbidden(*right).and(who), back)
            }
            Self::Forged => (en("That did not come from here"), Text::new(FORGED), back),
            Self::Malformed => (
                en("The form could not be read"),
                text!("Open the page again and repeat it."),
                back,
            ),
            Self::NotFound => (
                en("There is nothing here"),
                text!("It may have been deleted, or the address is mistyped."),
                back,
            ),
            Self::Confirm { .. } | Self::SignIn { .. } => {
                (en("Sign in"), Text::default(), ("/sign-in", en("Sign in")))
            }
            Self::Unfit(why) => {
                let why = Text::looked_up(why).and(text!("Nothing was done."));
                (en("That cannot be taken"), why, back)
            }
            Self::NotBelieved => (
                en("That did not sign you in"),
                Text::new(NOT_BELIEVED),
                ("/sign-in", en("Sign in")),
            ),
            Self::ProviderAway => (
                en("The sign-in provider does not answer"),
                Text::new(PROVIDER_AWAY),
                ("/sign-in", en("Sign in")),
            ),
            Self::TooMany { wait } => (
                en("Too many attempts"),
                text!("Wait {seconds} seconds, then try again.", seconds = wait.0),
                ("/sign-in", en("Sign in")),
            ),
            Self::Busy => (
                en("Too busy just now"),
                text!("Too many people sign in at this moment. Try again in a few seconds."),
                ("/sign-in", en("Sign in")),
            ),
            Self::Audit(_) | Self::Broken(_) | Self::Store(_) => {
                (en("This could not be done now"), Text::new(NOT_NOW), back)
            }
        };
        let link = link.to_owned();
        Page { title, text, link, link_text, request_id: String::new(), search: None }
    }
}

const FORGED: &str =
    en("The request did not come from a page of this console, so nothing was done. Open the page \
     again and repeat it.");

const NOT_NOW: &str = en(
    "Nothing was changed. Try again in a moment; if it stays so, the request ID helps an operator \
     to find the cause.",
);

const NOT_BELIEVED: &str = en(
    "You came back from the sign-in provider, and may not go on here. It may have taken too long, \
     or have been begun in another browser: then try again. If it stays so, your account there may \
     have no role here; ask an owner, who finds the reason by the request ID.",
);

const PROVIDER_AWAY: &str = en(
    "Nothing is wrong with your account. Try again in a moment; if it stays so, the request ID \
     helps an operator to find the cause.",
);

fn forbidden(right: Right) -> Text {
    match right {
        Right::SignIn | Right::Read => text!("Ask an owner for access."),
        Right::ReadApplication | Right::ManageApplication => {
            text!(
                "Developers see and manage the applications that they own. Ask an admin to make you \
             an owner of this one."
            )
        }
        Right::ManageRegistry => {
            text!("Admins and owners change APIs and applications; your role reads them.")
        }
        Right::ManageAdministrators => text!("Owners manage who may sign in."),
        Right::RetainLog => text!("Owners say what the audit log keeps."),
    }
}

/// To a page that asks something, and leads on to `next`.
fn asking(mut response: HttpResponseBuilder, page: &str, next: &str) -> HttpResponse {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("next", next).finish();
    response.insert_header((LOCATION, format!("{page}?{query}"))).finish()
}

fn halted(mut response: HttpResponse, why: Halt) -> HttpResponse {
    response.extensions_mut().insert(why);
    response
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Forbidden(_) | Self::Forged | Self::NotBelieved | Self::Withheld { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Confirm { .. } | Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Audit(_) | Self::Busy | Self::ProviderAway | Self::Store(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        if self.status_code().is_server_error() && !matches!(self, Self::Busy | Self::ProviderAway)
        {
            tracing::error!(error = %self, "console.failed");
        }
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::SignIn { next } => {
                return halted(asking(response, "/sign-in", next), Halt::SignIn);
            }
            Self::Confirm { next } => return halted(confirmation(next), Halt::Confirm),
            Self::TooMany { wait } => {
                response.insert_header((RETRY_AFTER, wait.0.to_string()));
            }
            Self::Busy => {
                response.insert_header((RETRY_AFTER, "3"));
            }
            _ => {}
        }
        let page = self.page();
        let text = page.render_with_values(&language::current());
        let text = text.unwrap_or_else(|_| self.to_string());
        let mut response = response.insert_header(ContentType::html()).body(text);
        response.extensions_mut().insert(page);
        match self {
            // The form is not theirs, or is no more.
            Self::Forbidden(_) | Self::Forged | Self::NotFound | Self::Withheld { .. } => response,
            _ => halted(response, Halt::Refused),
        }
    }
}
