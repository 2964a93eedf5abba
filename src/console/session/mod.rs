//! Signing in and out.
pub mod beginning;
pub mod candidate;
pub mod code;
pub mod confirmation;
pub mod deletion;
pub mod enrolment;
pub mod guard;
pub mod new;
pub mod openid;
pub mod passkey;
pub mod recovery_codes;
pub mod second_factor;

use actix_web::web;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .route("/session/passkey/challenge", web::post().to(passkey::post_challenge))
        .route("/session/passkey", web::post().to(passkey::post))
        .route("/session/second-factor/challenge", web::post().to(second_factor::post_challenge))
        .route("/session/enrolment/challenge", web::post().to(enrolment::post_challenge))
        .route("/session/enrolment/passkey", web::post().to(enrolment::post_passkey))
        .route("/session/confirmation/challenge", web::post().to(confirmation::post_challenge))
        .service(
            web::resource("/session/second-factor")
                .route(web::get().to(second_factor::get))
                .route(web::post().to(second_factor::post)),
        )
        .service(
            web::resource("/session/enrolment")
                .route(web::get().to(enrolment::get))
                .route(web::post().to(enrolment::post)),
        )
        .service(
            web::resource("/session/confirmation")
                .route(web::get().to(confirmation::get))
                .route(web::post().to(confirmation::post)),
        )
        .configure(openid::routes)
        .route("/sign-out", web::post().to(deletion::post));
}
