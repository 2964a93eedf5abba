//! Revocations: of one token or of everything, each one row.
pub mod choice;
pub mod clock;
pub mod file;
pub mod index;
pub mod new;
pub mod record;
pub mod show;
pub mod what;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/revocations", web::get().to(index::get))
        .route("/revocations.csv", web::get().to(file::get))
        .service(
            web::resource("/revocations/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .service(
            web::resource("/revocations/choice")
                .route(web::get().to(choice::get))
                .route(web::post().to(choice::post)),
        )
        .route("/revocations/{id}", web::get().to(show::get));
}

/// The page that asks whether to revoke `subject`.
pub fn new_href(kind: &str, subject: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("kind", kind)
        .append_pair("subject", subject)
        .finish();
    format!("/revocations/new?{query}")
}
