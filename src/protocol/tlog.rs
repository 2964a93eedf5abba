//! `/audit/tlog/…`: what the audit log contains, for who keeps an eye on it.
//! Only where the operator made it public: records of batches say how much
//! happened and when, though nothing of whom.
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue};
use actix_web::{HttpResponse, web};

use super::failure::Failure;
use super::only;
use crate::web::App;
use crate::web::tlog::{Audience, answer};

pub fn routes(config: &mut web::ServiceConfig, path: &str) {
    config.service(
        web::resource(format!("{path}/audit/tlog/{{rest:.*}}"))
            .route(web::get().to(get))
            .route(web::head().to(get))
            .default_service(web::to(only("GET, HEAD"))),
    );
}

async fn get(rest: web::Path<String>, app: web::Data<App>) -> HttpResponse {
    match answer(&app, &rest, Audience::Anybody).await {
        Ok(mut response) => {
            let any = HeaderValue::from_static("*");
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
            response
        }
        Err(error) => {
            tracing::warn!(%error, "tlog.not_answered");
            Failure::from(error).response()
        }
    }
}
