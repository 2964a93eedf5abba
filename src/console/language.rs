//! In which language a page is: what was chosen in this browser, else the best of
//! what the browser asks for, else English.
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};

use super::preferences;
use crate::texts::Language;
use crate::web::App;

tokio::task_local! {
    /// Of the request that is being answered: no handler has to carry it.
    static LANGUAGE: Language;
}

/// Answers in the language of who asks.
pub async fn speak(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = of(request.request());
    LANGUAGE.scope(language, next.call(request)).await
}

/// The language of the answer that is being written.
pub fn current() -> Language {
    LANGUAGE.try_with(Clone::clone).unwrap_or_default()
}

fn of(request: &HttpRequest) -> Language {
    let Some(app) = request.app_data::<web::Data<App>>() else { return Language::ENGLISH };
    let accepted = request.headers().get(ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
    app.texts.negotiate(preferences::language(request).as_deref(), accepted)
}
