//! APIs. People read "API"; code says resource, as the protocol does.
pub mod deletion;
pub mod edit;
pub mod exam;
pub mod file;
pub mod index;
pub mod introspectors;
pub mod limit;
pub mod new;
pub mod routes;
pub mod scopes;
pub mod sensitivity;
pub mod show;
pub mod verification;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/apis", web::get().to(index::get))
        .route("/apis.csv", web::get().to(file::get))
        .service(
            web::resource("/apis/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .route("/apis/{id}", web::get().to(show::get))
        .service(
            web::resource("/apis/{id}/edit")
                .route(web::get().to(edit::get))
                .route(web::post().to(edit::post)),
        )
        .service(
            web::resource("/apis/{id}/deletion")
                .route(web::get().to(deletion::get))
                .route(web::post().to(deletion::post)),
        )
        .service(
            web::resource("/apis/{id}/verification")
                .route(web::get().to(verification::get))
                .route(web::post().to(verification::post)),
        )
        .service(
            web::resource("/apis/{id}/exam")
                .route(web::get().to(exam::get))
                .route(web::post().to(exam::post)),
        )
        .service(
            web::resource("/apis/{id}/sensitivity")
                .route(web::get().to(sensitivity::get))
                .route(web::post().to(sensitivity::post)),
        )
        .service(
            web::resource("/apis/{id}/limit")
                .route(web::get().to(limit::get))
                .route(web::post().to(limit::post)),
        )
        .configure(introspectors::routes)
        .configure(routes::routes)
        .configure(scopes::routes);
}
