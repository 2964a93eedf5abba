//! People who care for applications together.
pub mod deletion;
pub mod index;
pub mod new;
pub mod show;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/people/teams", web::get().to(index::get))
        .service(
            web::resource("/people/teams/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .service(
            web::resource("/people/teams/{id}")
                .route(web::get().to(show::get))
                .route(web::post().to(show::post)),
        )
        .service(
            web::resource("/people/teams/{id}/deletion")
                .route(web::get().to(deletion::get))
                .route(web::post().to(deletion::post)),
        );
}
