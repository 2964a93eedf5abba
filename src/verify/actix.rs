//! For APIs that are written with actix-web.
//!
//! `App::new().service(web::scope("/x").wrap(Protect::new(&verifier, scopes)))`
//! lets good tokens through and refuses all others; a handler takes the
//! [`Caller`] to see who it is.
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};

use super::{Accepted, Refusal, Verifier};
use crate::oauth::bearer::{self, Authorization};
use crate::oauth::scope::ScopeSet;

/// Middleware: only requests with a good token that has these scopes go on.
#[derive(Clone)]
pub struct Protect {
    verifier: Arc<Verifier>,
    required: ScopeSet,
}

impl Protect {
    pub fn new(verifier: &Arc<Verifier>, required: ScopeSet) -> Self {
        Self { verifier: verifier.clone(), required }
    }

    async fn admit(self, request: &HttpRequest) -> Result<Arc<Accepted>, Refusal> {
        let token = token(request)?;
        if let Some(decided) = self.verifier.verify_at_once(token, &self.required) {
            return decided;
        }
        let token = token.to_owned();
        let asked = web::block(move || self.verifier.verify(&token, &self.required)).await;
        asked.unwrap_or(Err(Refusal::Unavailable(super::What::Keys)))
    }
}

/// Whose token a request carries. Only behind [`Protect`]; elsewhere the
/// request is refused.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<Accepted>);

impl Caller {
    /// # Errors
    /// A finished answer, 403: the token has not every scope of `required`.
    pub fn must(&self, required: &ScopeSet) -> Result<(), Refused> {
        if required.beyond(&self.0.scope).is_empty() {
            return Ok(());
        }
        Err(Refused(Refusal::InsufficientScope { required: required.clone() }))
    }
}

impl FromRequest for Caller {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accepted = request.extensions().get::<Arc<Accepted>>().cloned();
        ready(accepted.map(Self).ok_or(Refused(Refusal::NoToken)))
    }
}

/// A refusal as an answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Refused(#[from] pub Refusal);

impl actix_web::ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        let status = StatusCode::from_u16(self.0.challenge().status);
        status.unwrap_or(StatusCode::UNAUTHORIZED)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CACHE_CONTROL, "no-store"));
        match self.0.challenge().www_authenticate {
            Some(challenge) => response.insert_header((WWW_AUTHENTICATE, challenge)),
            None => response.insert_header((RETRY_AFTER, "1")),
        };
        response.finish()
    }
}

/// The one token of a request, from its `Authorization` header alone: never
/// from the URL, RFC 6750 §2.3.
fn token(request: &HttpRequest) -> Result<&str, Refusal> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().map(HeaderValue::as_bytes);
    if headers.next().is_some() {
        return Err(Refusal::MalformedRequest);
    }
    match bearer::read(header) {
        Authorization::Absent => Err(Refusal::NoToken),
        Authorization::Malformed => Err(Refusal::MalformedRequest),
        Authorization::Token(token) => Ok(token),
    }
}

impl<S, B> Transform<S, ServiceRequest> for Protect
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type InitError = ();
    type Transform = Guarded<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Guarded { protect: self.clone(), service: Rc::new(service) }))
    }
}

/// A service that [`Protect`] stands before.
pub struct Guarded<S> {
    protect: Protect,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (protect, service) = (self.protect.clone(), self.service.clone());
        Box::pin(async move {
            match protect.admit(request.request()).await {
                Ok(accepted) => {
                    request.extensions_mut().insert(accepted);
                    Ok(service.call(request).await?.map_into_left_body())
                }
                Err(refusal) => {
                    tracing::debug!(%refusal, "verify.refused");
                    let refused = actix_web::ResponseError::error_response(&Refused(refusal));
                    Ok(request.into_response(refused).map_into_right_body())
                }
            }
        })
    }
}
