//! People who may sign in, and as what.
pub mod edit;
pub mod file;
pub mod index;
pub mod invitations;
pub mod link;
pub mod new;
pub mod reset;
pub mod resumption;
pub mod second_factor;
pub mod sessions;
pub mod show;
pub mod suspension;

use actix_web::web;

use crate::console::failure::Failure;
use crate::model::administrator::Administrator;
use crate::model::role::Role;
use crate::store::administrators;
use crate::texts::en;
use crate::web::App;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/people", web::get().to(index::get))
        .route("/people.csv", web::get().to(file::get))
        .service(
            web::resource("/people/new")
                .route(web::get().to(new::get))
                .route(web::post().to(new::post)),
        )
        .route("/people/invitations/{id}/revocation", web::post().to(invitations::post_revocation))
        .route("/people/{id}", web::get().to(show::get))
        .service(
            web::resource("/people/{id}/edit")
                .route(web::get().to(edit::get))
                .route(web::post().to(edit::post)),
        )
        .service(
            web::resource("/people/{id}/suspension")
                .route(web::get().to(suspension::get))
                .route(web::post().to(suspension::post)),
        )
        .service(
            web::resource("/people/{id}/resumption")
                .route(web::get().to(resumption::get))
                .route(web::post().to(resumption::post)),
        )
        .service(
            web::resource("/people/{id}/second-factor/deletion")
                .route(web::get().to(second_factor::deletion::get))
                .route(web::post().to(second_factor::deletion::post)),
        )
        .route("/people/{id}/sessions/deletion", web::post().to(sessions::post))
        .route("/people/{id}/sessions/{session}/deletion", web::post().to(sessions::post_one))
        .route("/people/{id}/password-reset", web::post().to(reset::post));
}

/// The person of this id.
async fn find(app: &App, id: String) -> Result<Administrator, Failure> {
    app.pages.read(move |conn| administrators::find(conn, &id)).await?.ok_or(Failure::NotFound)
}

pub const fn role_title(role: Role) -> &'static str {
    match role {
        Role::Owner => en("Owner"),
        Role::Developer => en("Developer"),
        Role::Admin => en("Admin"),
        Role::Auditor => en("Auditor"),
    }
}

/// The role within a sentence.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => en("owner"),
        Role::Developer => en("developer"),
        Role::Admin => en("admin"),
        Role::Auditor => en("auditor"),
    }
}

/// Roles to choose from: word, title, what it may do, whether chosen.
type Roles = Vec<(&'static str, &'static str, &'static str, bool)>;

fn roles(chosen: &str) -> Roles {
    let choice = |role: Role| {
        let about = match role {
            Role::Owner => en("All that an admin may, and who may sign in."),
            Role::Admin => en("Manages APIs, applications, their secrets and access."),
            Role::Developer => {
                en("Sees the applications that they own, and cares for their secrets.")
            }
            Role::Auditor => en("Reads everything, changes nothing."),
        };
        (role.as_str(), role_title(role), about, role.as_str() == chosen)
    };
    Role::ALL.into_iter().map(choice).collect()
}
