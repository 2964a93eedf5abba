//! Applications, their secrets and their access.
pub mod access;
pub mod choice;
pub mod deleted;
pub mod deletion;
pub mod diet;
pub mod edit;
pub mod file;
pub mod index;
pub mod lifeline;
pub mod limit;
pub mod new;
pub mod nudge;
pub mod owners;
pub mod restoration;
pub mod resumption;
pub mod secrets;
pub mod show;
pub mod stops;
pub mod suspension;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/applications", web::get().to(index::get))
        .route("/applications.csv", web::get().to(file::get))
        .service(
            web::resource("/applications/new")
                .app_data(choice::form_config())
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .configure(deleted::routes)
        .route("/applications/{client_id}", web::get().to(show::get))
        .service(
            web::resource("/applications/{client_id}/edit")
                .route(web::get().to(edit::get))
                .route(web::post().to(edit::post)),
        )
        .service(
            web::resource("/applications/{client_id}/access")
                .app_data(choice::form_config())
                .route(web::get().to(access::get))
                .route(web::post().to(access::post)),
        )
        .service(
            web::resource("/applications/{client_id}/access/diet")
                .app_data(choice::form_config())
                .route(web::get().to(diet::get))
                .route(web::post().to(diet::post)),
        )
        .service(
            web::resource("/applications/{client_id}/access/restoration")
                .route(web::get().to(restoration::get))
                .route(web::post().to(restoration::post)),
        )
        .service(
            web::resource("/applications/{client_id}/limit")
                .route(web::get().to(limit::get))
                .route(web::post().to(limit::post)),
        )
        .service(
            web::resource("/applications/{client_id}/owners")
                .route(web::get().to(owners::get))
                .route(web::post().to(owners::post)),
        )
        .service(
            web::resource("/applications/{client_id}/suspension")
                .route(web::get().to(suspension::get))
                .route(web::post().to(suspension::post)),
        )
        .service(
            web::resource("/applications/{client_id}/resumption")
                .route(web::get().to(resumption::get))
                .route(web::post().to(resumption::post)),
        )
        .service(
            web::resource("/applications/{client_id}/deletion")
                .route(web::get().to(deletion::get))
                .route(web::post().to(deletion::post)),
        )
        .configure(secrets::routes);
}
