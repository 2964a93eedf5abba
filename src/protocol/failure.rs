//! Refusals and breakdowns, on the wire.
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::ratelimit;
use crate::limits::Exceeded;
use crate::oauth::error::Code;
use crate::oauth::limit::Subject;
use crate::oauth::reason::Reason;
use crate::oauth::time::Seconds;
use crate::revocations::Stale;
use crate::web::acceptance::Unknown;
use crate::{audit, keys, oauth, store};

/// Why a request is not answered as it hoped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Audit(#[from] audit::NotRecorded),
    /// More requests are being worked on than may be.
    #[error("too many requests at a time")]
    Busy,
    /// A compressed body: nothing of it was unpacked.
    #[error("the body is compressed")]
    Encoded,
    /// A limit on tokens is met.
    #[error("a limit on tokens is met")]
    Limited(Box<Exceeded>),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The client's doing. It is told so.
    #[error(transparent)]
    Refused(#[from] oauth::Error),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not come in time")]
    TooSlow,
    /// Too many wrong secrets from this address for this client.
    #[error("too many wrong secrets")]
    TooMany { wait: Seconds },
}

impl From<Unknown> for Failure {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Stale(stale) => Self::Stale(stale),
            Unknown::Store(error) => Self::Store(error),
        }
    }
}

impl Failure {
    pub fn code(&self) -> Code {
        match self {
            Self::Audit(_) | Self::Busy | Self::Keys(_) | Self::Stale(_) | Self::Store(_) => {
                Code::TemporarilyUnavailable
            }
            // The caller is to do the same again, later.
            Self::Limited(_) => Code::TemporarilyUnavailable,
            Self::Encoded | Self::TooLarge | Self::TooSlow | Self::TooMany { .. } => {
                Code::InvalidRequest
            }
            Self::Refused(error) => error.code,
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Limited(_) | Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            other => StatusCode::from_u16(other.code().status())
                .unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// The word that the audit log and the metrics have for it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Audit(_) | Self::Busy | Self::Keys(_) | Self::Stale(_) | Self::Store(_) => {
                Reason::Overloaded
            }
            Self::Encoded | Self::TooLarge | Self::TooSlow => Reason::RequestMalformed,
            Self::Limited(exceeded) => match exceeded.subject {
                Subject::Application(_) => Reason::ApplicationLimit,
                Subject::Resource(_) => Reason::ResourceLimit,
            },
            Self::Refused(error) => error.reason,
            Self::TooMany { .. } => Reason::RateLimited,
        }
    }

    /// Whether the caller, and not we, is at fault.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::Audit(_) | Self::Busy | Self::Keys(_) | Self::Stale(_) | Self::Store(_)
        )
    }

    /// What an operator may know besides.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Limited(exceeded) => Some(exceeded.to_string()),
            Self::Refused(error) => error.detail.clone(),
            Self::Audit(_) | Self::Busy | Self::Keys(_) | Self::Stale(_) | Self::Store(_) => {
                Some(self.to_string())
            }
            _ => None,
        }
    }

    /// The secret that was presented and no longer works.
    pub fn secret_id(&self) -> Option<String> {
        match self {
            Self::Refused(error) => error.secret_id.clone(),
            _ => None,
        }
    }

    /// The scopes that were the reason.
    pub fn scope_refused(&self) -> Option<String> {
        match self {
            Self::Refused(error) => error.scope_refused.clone(),
            _ => None,
        }
    }

    fn description(&self) -> &str {
        match self {
            Self::Audit(_) | Self::Busy | Self::Keys(_) | Self::Stale(_) | Self::Store(_) => {
                "try again in a moment"
            }
            Self::Limited(_) => {
                "too many tokens, keep one until it expires and wait before the next"
            }
            Self::Encoded => "a compressed body is not accepted",
            Self::Refused(error) => &error.description,
            Self::TooLarge => "the body is larger than 32 KiB",
            Self::TooSlow => "the body did not come in time",
            Self::TooMany { .. } => "too many failed attempts, wait before the next",
        }
    }

    /// [`Failure::response`] with the id to find it by in the audit log; what is
    /// our fault is logged. `what` was asked for.
    pub fn answer(&self, what: &'static str, request_id: &str) -> HttpResponse {
        if self.is_refusal() {
            tracing::debug!(request_id, what, reason = %self.reason(), "request.refused");
        } else {
            tracing::error!(request_id, what, error = %self, "request.failed");
        }
        // What clients show of a refusal is its description, hardly ever a header.
        let description = format!("{} ({request_id})", self.description());
        let mut response = self.describe(&description);
        if let Ok(id) = request_id.parse() {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    /// The answer to what is not recorded, and so has no id.
    pub fn response(&self) -> HttpResponse {
        self.describe(self.description())
    }

    /// The answer to what there was no time for: nothing is recorded of it.
    pub fn turn_away(wait: Seconds) -> HttpResponse {
        let mut response = Self::Busy.response();
        response.headers_mut().insert(RETRY_AFTER, wait.0.into());
        response
    }

    /// RFC 6749 §5.2. A 401 always has a challenge, RFC 9110 §15.5.2.
    fn describe(&self, description: &str) -> HttpResponse {
        let mut response = uncached(self.status());
        if self.status() == StatusCode::UNAUTHORIZED {
            response
                .insert_header((WWW_AUTHENTICATE, r#"Basic realm="countersign", charset="UTF-8""#));
        }
        match self {
            Self::Limited(exceeded) => {
                response.insert_header((RETRY_AFTER, exceeded.wait.0.to_string()));
                ratelimit::set(&mut response, &exceeded.allowance);
            }
            Self::TooMany { wait } => {
                response.insert_header((RETRY_AFTER, wait.0.to_string()));
            }
            other if !other.is_refusal() => {
                response.insert_header((RETRY_AFTER, "2"));
            }
            _ => {}
        }
        response.json(serde_json::json!({
            "error": self.code().as_str(),
            "error_description": description,
        }))
    }
}

/// Names the request, as the audit log does.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response that nothing may keep, RFC 6749 §5.1.
pub fn uncached(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((PRAGMA, HeaderValue::from_static("no-cache")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    response
}
