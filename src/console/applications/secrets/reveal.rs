//! The page that shows a secret, once. It has no address of its own: only the
//! answer to the form that made the secret carries it.
use actix_web::HttpResponse;
use askama::Template;
use zeroize::Zeroizing;

use crate::admin::Error;
use crate::console::applications::show::{self, Loaded};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::samples::Sample;
use crate::store::Conn;
use crate::texts::{Text, filters};
use crate::web::App;

/// A secret that was just made, with its value.
pub struct Revealed {
    loaded: Loaded,
    secret: Secret,
    value: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "console/applications/secrets/reveal.html")]
struct Reveal {
    chrome: Chrome,
    application: Application,
    secret: Secret,
    value: Zeroizing<String>,
    works_until: Option<Text>,
    /// The others that work, and until when.
    others: Vec<(String, Option<Text>)>,
    /// `None` when it may call nothing yet.
    sample: Option<Sample>,
}

impl Revealed {
    /// Reads what the page says besides, in the transaction that made the
    /// secret: when that fails there is no secret that nobody saw.
    pub fn read(
        conn: &mut Conn,
        (secret, value): (Secret, Zeroizing<String>),
    ) -> Result<Self, Error> {
        let loaded = show::read(conn, &secret.client_id)?.ok_or(Error::NotFound)?;
        Ok(Self { loaded, secret, value })
    }

    pub fn page(self, person: &SignedIn, app: &App) -> Result<HttpResponse, Failure> {
        page::secret(&Reveal {
            chrome: person.chrome("/applications"),
            works_until: self.secret.expires_at.map(Moment::date),
            others: self.others(person.now()),
            sample: self.loaded.sample(&app.config.url("")),
            application: self.loaded.application,
            secret: self.secret,
            value: self.value,
        })
    }

    fn others(&self, now: UnixTime) -> Vec<(String, Option<Text>)> {
        let works =
            |other: &&Secret| other.id != self.secret.id && other.state(now) == State::Active;
        let others = self.loaded.secrets.iter().filter(works);
        others.map(|other| (other.name.clone(), other.expires_at.map(Moment::date))).collect()
    }
}
