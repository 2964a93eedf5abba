//! Pages; mirrors `templates/console`.
//!
//! A handler loads, fills a struct and renders it. GET changes nothing; POST
//! answers 303, or 422 with the same page. Every page works without a script.
pub mod access;
pub mod administrators;
pub mod applications;
pub mod approvals;
pub mod attempts;
pub mod axis;
pub mod changes;
pub mod chrome;
pub mod count;
pub mod csv;
pub mod draft;
pub mod duration;
pub mod failure;
pub mod form;
pub mod impact;
pub mod invitation;
pub mod keys;
pub mod language;
pub mod limit;
pub mod limits;
pub mod line;
pub mod link;
pub mod log;
pub mod moment;
pub mod nudge;
pub mod nudges;
pub mod overview;
pub mod page;
pub mod pages;
pub mod password_reset;
pub mod preferences;
pub mod profile;
pub mod refill;
pub mod reports;
pub mod resources;
pub mod revocations;
pub mod search;
pub mod sent;
pub mod session;
pub mod settings;
pub mod setup;
pub mod signed_in;
pub mod streams;
pub mod teams;
pub mod tester;
pub mod traffic;
pub mod work;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, ResponseError as _, web};

use crate::web::same_origin;
use failure::Failure;

/// The most bytes of a form; most forms take fewer.
const LONGEST_FORM: usize = 1 << 20;

/// Every page, in the order of the menu.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(LONGEST_FORM))
        .app_data(web::FormConfig::default().error_handler(|_, _| Failure::Malformed.into()))
        .app_data(web::QueryConfig::default().error_handler(|_, _| Failure::Malformed.into()));
    config.service(
        web::scope("")
            .wrap(from_fn(refuse_forged))
            .wrap(from_fn(language::speak))
            .route("/", web::get().to(overview::get))
            .configure(nudges::routes)
            .configure(applications::routes)
            .configure(resources::routes)
            .configure(access::routes)
            .configure(approvals::routes)
            .configure(revocations::routes)
            .configure(log::routes)
            .configure(reports::routes)
            .configure(limits::routes)
            .configure(changes::routes)
            .configure(search::routes)
            .configure(settings::routes)
            .configure(streams::routes)
            .configure(tester::routes)
            .configure(keys::routes)
            // Before people: a team is nobody's id.
            .configure(teams::routes)
            .configure(administrators::routes)
            .configure(session::routes)
            .configure(attempts::routes)
            .configure(setup::routes)
            .configure(invitation::routes)
            .configure(password_reset::routes)
            .configure(profile::routes)
            .configure(preferences::routes)
            .default_service(web::to(not_found)),
    );
}

async fn not_found() -> Result<&'static str, Failure> {
    Err(Failure::NotFound)
}

/// Whatever changes something must come from a page of ours.
async fn refuse_forged(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if same_origin::is_same_origin(request.request()) {
        let mut request = request;
        sent::read(&mut request).await?;
        let response = next.call(request).await?.map_into_boxed_body();
        return Ok(failure::complete(draft::settle(response)));
    }
    // An answer and not an error, so that it gets the headers of a page.
    let refusal = Failure::Forged.error_response();
    Ok(failure::complete(request.into_response(refusal)))
}
