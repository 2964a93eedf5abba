//! `POST /apis/{id}/routes`.
use actix_web::{HttpResponse, web};

use crate::admin::routes;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::resources::verification::{Again, fill};
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::route::Route;
use crate::store::Conn;
use crate::text;
use crate::web::App;

/// The fields as they were typed.
#[derive(Clone, Default)]
pub struct Input {
    pub method: String,
    pub path: String,
    /// Those that are ticked.
    pub scopes: Vec<String>,
}

impl Input {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut input = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "method" => input.method = value,
                "path" => input.path = value,
                "scope" => input.scopes.push(value),
                _ => {}
            }
        }
        input
    }
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, route, app) = (id.into_inner(), Input::of(form.into_inner()), app.into_inner());
    let errors = match Route::read(&route.method, &route.path, &route.scopes.join(" ")) {
        Err(errors) => errors.into(),
        Ok(new) => {
            let (actor, target) = (person.actor.clone(), id.clone());
            let line = format!("{} {}", new.method, new.path);
            match app.act(move |conn: &mut Conn| routes::add(conn, &actor, &target, &new)).await {
                Ok(()) => {
                    person.notice(text!("Route {route} is added.", route = line));
                    return Ok(page::see_other(&format!("/apis/{id}/verification#s-routes")));
                }
                Err(error) => FieldErrors::from_act(error)?,
            }
        }
    };
    let again = Again { route, errors, ..Again::default() };
    page::unprocessable(&fill(&person, &app, id, again).await?)
}
