//! `/applications/new`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::choice::{self, Chosen, Offers};
use super::secrets::new::Revealed;
use crate::admin::applications::{self, NewApplication};
use crate::admin::{Actor, Error, resources};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::{ApplicationDetails, ApplicationInput};
use crate::model::approval::Request;
use crate::model::grant::Access;
use crate::model::resource::{NewResource, ResourceDetails};
use crate::model::role::Right;
use crate::model::secret::NewSecret;
use crate::model::text::FieldError;
use crate::store::Conn;
use crate::text;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    offers: Offers,
    input: Input,
}

/// The fields as they were typed.
#[derive(Debug, Default)]
struct Input {
    name: String,
    description: String,
    owner: String,
    contact: String,
    token_lifetime_seconds: String,
    secret_name: String,
    expires_in_days: String,
    /// The API that is made along with the first application.
    identifier: String,
    api_name: String,
    scopes: String,
    chosen: Chosen,
}

/// What the fields say, once they can be taken.
struct Order {
    application: NewApplication,
    /// Granted whole when it is made here.
    resource: Option<NewResource>,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let input = Input {
        secret_name: "initial".to_owned(),
        expires_in_days: "180".to_owned(),
        ..Input::default()
    };
    let page = fill(&person, &app, input, FieldErrors::default()).await?;
    page::html(&page)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, input) = (app.into_inner(), Input::read(&form));
    let order = match input.order() {
        Ok(order) => order,
        Err(errors) => {
            let page = fill(&person, &app, input, errors.into()).await?;
            return page::unprocessable(&page);
        }
    };
    let actor = person.actor.clone();
    match app.act(move |conn| place(conn, &actor, order)).await {
        Ok((revealed, waits)) => {
            if let Some(request) = waits {
                let text = text!("Some of its access takes two persons and is not there yet.");
                let href = format!("/approvals/{}", request.id);
                person.notice_with(text, href, en("See what waits"));
            }
            match revealed {
                Some(revealed) => revealed.page(&person, &app),
                None => Ok(page::see_other("/applications")),
            }
        }
        Err(error) => {
            let page = fill(&person, &app, input, choice::errors(error)?).await?;
            page::unprocessable(&page)
        }
    }
}

type Placed = (Option<Revealed>, Option<Request>);

/// The API, if there is one to make, and the application: both or neither.
/// What waits for a second person besides.
fn place(conn: &mut Conn, actor: &Actor, order: Order) -> Result<Placed, Error> {
    let mut application = order.application;
    if let Some(new) = order.resource {
        let scopes = new.scopes.iter().map(|scope| scope.name.clone()).collect();
        let resource = resources::create(conn, actor, new)?;
        application.grants.push((resource.id, Access::Scopes(scopes)));
    }
    let created = applications::create(conn, actor, application)?;
    let revealed = created.secret.map(|made| Revealed::read(conn, made)).transpose()?;
    Ok((revealed, created.waits))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    input: Input,
    errors: FieldErrors,
) -> Result<New, Failure> {
    let ticked = input.chosen.clone();
    let shown: Vec<String> = ticked.keys().cloned().collect();
    let offers = move |conn: &mut Conn| choice::offers(conn, "", &shown, &ticked);
    let offers = app.pages.read(offers).await?;
    Ok(New { chrome: person.chrome("/applications"), errors, offers, input })
}

impl Input {
    fn read(fields: &[(String, String)]) -> Self {
        let one = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self {
            name: one("name"),
            description: one("description"),
            owner: one("owner"),
            contact: one("contact"),
            token_lifetime_seconds: one("token_lifetime_seconds"),
            secret_name: one("secret_name"),
            expires_in_days: one("expires_in_days"),
            identifier: one("identifier"),
            api_name: one("api_name"),
            scopes: one("scopes"),
            chosen: choice::chosen(fields),
        }
    }

    fn order(&self) -> Result<Order, Vec<FieldError>> {
        let mut errors = Vec::new();
        let details = ApplicationDetails::read(ApplicationInput {
            name: &self.name,
            description: &self.description,
            owner: &self.owner,
            contact: &self.contact,
            token_lifetime_seconds: &self.token_lifetime_seconds,
        })
        .map_err(|found| errors.extend(found));
        let secret = NewSecret::read(&self.secret_name, &self.expires_in_days)
            .map_err(|found| errors.extend(found.into_iter().map(of_secret)));
        let resource = self.resource().map_err(|found| errors.extend(found));
        match (details, secret, resource) {
            (Ok(details), Ok(secret), Ok(resource)) => Ok(Order {
                application: NewApplication {
                    details,
                    grants: self.chosen.clone().into_iter().collect(),
                    secret: Some(secret),
                },
                resource,
            }),
            _ => Err(errors),
        }
    }

    fn resource(&self) -> Result<Option<NewResource>, Vec<FieldError>> {
        let typed = [&self.identifier, &self.api_name, &self.scopes];
        if typed.iter().all(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        let name = if self.api_name.trim().is_empty() { &self.identifier } else { &self.api_name };
        let details = ResourceDetails::read(name, "", "");
        let read = NewResource::read(&self.identifier, details, "", &self.scopes);
        read.map(Some).map_err(|found| found.into_iter().map(of_api).collect())
    }
}

/// The application has a `name` too.
fn of_api(error: FieldError) -> FieldError {
    let field = if error.field == "name" { "api_name" } else { error.field };
    FieldError { field, ..error }
}

/// The application has a `name` too.
fn of_secret(error: FieldError) -> FieldError {
    let field = if error.field == "name" { "secret_name" } else { error.field };
    FieldError { field, ..error }
}
