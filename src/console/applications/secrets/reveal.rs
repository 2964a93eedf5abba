//! The page that shows a secret, once. It has no address of its own: only the
//! answer to the form that made the secret carries it.
use actix_web::HttpResponse;
use askama::Template;
use zeroize::Zeroizing;

use crate::console::applications::show;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::secret::Secret;
use crate::web::App;

/// A secret that was just made, with its value.
pub struct Revealed {
    pub application: Application,
    pub secret: Secret,
    pub value: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "console/applications/secrets/reveal.html")]
struct Reveal {
    chrome: Chrome,
    application: Application,
    secret: Secret,
    value: Zeroizing<String>,
    works_until: Option<String>,
    token_url: String,
    /// What the sample asks for; empty when it may call nothing yet.
    resource: String,
}

impl Revealed {
    pub async fn page(self, person: &SignedIn, app: &App) -> Result<HttpResponse, Failure> {
        let loaded = show::load(app, self.application.client_id.clone()).await?;
        let resource = loaded.access.first().map(|line| line.grant.resource_identifier.clone());
        page::secret(&Reveal {
            chrome: person.chrome("/applications"),
            works_until: self.secret.expires_at.map(Moment::date),
            token_url: app.config.url("/oauth/token"),
            resource: resource.unwrap_or_default(),
            application: self.application,
            secret: self.secret,
            value: self.value,
        })
    }
}
