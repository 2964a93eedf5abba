//! `/applications/{client_id}/secrets/{secret_id}/rotation`: a secret in the
//! place of another, with both working for a while.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::reveal::Revealed;
use crate::admin::{self, secrets};
use crate::console::applications::show::{self, Loaded};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::model::secret::{NewSecret, Secret, State, read_overlap};
use crate::model::text::FieldError;
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::{self, Presented};
use crate::store::{Conn, Error};
use crate::texts::{en, filters};
use crate::web::App;

/// What may be chosen, and how it reads.
const OVERLAPS: [(&str, &str); 5] = [
    ("0", en("Ends now")),
    ("1h", en("1 hour")),
    ("24h", en("24 hours")),
    ("7d", en("7 days")),
    ("14d", en("14 days")),
];

/// The most addresses that are named.
const ADDRESSES: i64 = 20;

#[derive(Template)]
#[template(path = "console/applications/secrets/rotation.html")]
struct Rotation {
    chrome: Chrome,
    errors: FieldErrors,
    page: Asked,
    input: Input,
    now: UnixTime,
}

/// What the form is about.
struct Asked {
    loaded: Loaded,
    secret: Secret,
    /// Who got tokens with it in 24 hours, the last first.
    hosts: Vec<Presented>,
}

/// The fields as they were typed.
#[derive(Deserialize)]
pub struct Input {
    name: String,
    expires_in_days: String,
    overlap: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let asked = load(&person, &app, path.into_inner()).await?;
    let input = Input {
        name: next_name(&asked.secret.name, person.now()),
        expires_in_days: days(&asked.secret),
        overlap: "24h".to_owned(),
    };
    page::html(&fill(&person, asked, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (app, input) = (app.into_inner(), form.into_inner());
    let asked = load(&person, &app, path.into_inner()).await?;
    let (new, overlap) = match input.read() {
        Ok(read) => read,
        Err(errors) => return page::unprocessable(&fill(&person, asked, input, errors.into())),
    };
    let (actor, old) = (person.actor.clone(), asked.secret.clone());
    let rotate = move |conn: &mut Conn| {
        let which = (old.client_id.as_str(), old.id.as_str());
        let made = secrets::rotate(conn, &actor, which, &new, overlap)?;
        Revealed::read(conn, made)
    };
    match app.act(rotate).await {
        Ok(revealed) => revealed.page(&person, &app),
        Err(admin::Error::Conflict(why)) => {
            page::unprocessable(&fill(&person, asked, input, FieldErrors::one("name", why)))
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, asked, input, errors))
        }
    }
}

async fn load(
    person: &SignedIn,
    app: &App,
    (client_id, id): (String, String),
) -> Result<Asked, Failure> {
    let from = hour(person.now() - Seconds::DAY);
    let read = move |conn: &mut Conn| {
        let Some(loaded) = show::read(conn, &client_id)? else { return Ok(None) };
        let found = loaded.secrets.iter().find(|secret| secret.id == id).cloned();
        let Some(secret) = found else { return Ok(None) };
        let mut hosts = usage::presented(conn, &client_id, from, ADDRESSES * 4)?;
        hosts.retain(|host| host.secret_id == id && host.issued > 0);
        Ok::<_, Error>(Some(Asked { loaded, secret, hosts }))
    };
    app.pages.read(read).await?.ok_or(Failure::NotFound)
}

fn fill(person: &SignedIn, page: Asked, input: Input, errors: FieldErrors) -> Rotation {
    Rotation { chrome: person.chrome("/applications"), errors, page, input, now: person.now() }
}

impl Input {
    fn read(&self) -> Result<(NewSecret, Seconds), Vec<FieldError>> {
        let new = NewSecret::read(&self.name, &self.expires_in_days);
        match (new, read_overlap(&self.overlap)) {
            (Ok(new), Ok(overlap)) => Ok((new, overlap)),
            (new, overlap) => {
                let mut errors = new.err().unwrap_or_default();
                errors
                    .extend(overlap.err().map(|message| FieldError { field: "overlap", message }));
                Err(errors)
            }
        }
    }
}

impl Rotation {
    fn overlaps(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        OVERLAPS.into_iter().map(|(value, text)| (value, text, self.input.overlap == value))
    }

    fn works(&self) -> bool {
        self.page.secret.state(self.now) == State::Active
    }

    fn seen(&self, host: &Presented) -> Moment {
        Moment::new(host.last_at, self.now)
    }
}

/// The name without the month that an earlier rotation gave it, and this month.
fn next_name(name: &str, now: UnixTime) -> String {
    let month = Moment::month(now);
    let stem = match name.rsplit_once(' ') {
        Some((stem, end)) if is_month(end) => stem,
        _ => name,
    };
    format!("{stem} {month}")
}

fn is_month(text: &str) -> bool {
    let digit = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.len() == 7 && digit(0..4) && text.get(4..5) == Some("-") && digit(5..7)
}

/// As long as the one before, in days.
fn days(secret: &Secret) -> String {
    let length = secret.expires_at.map(|end| end.since(secret.created_at).0 / Seconds::DAY.0);
    length.filter(|days| (1..=3_650).contains(days)).map_or_else(String::new, |d| d.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_name_says_the_month() {
        let now = UnixTime::from_seconds(1_795_442_400);
        assert_eq!(next_name("prod", now), "prod 2026-11");
        assert_eq!(next_name("prod 2026-05", now), "prod 2026-11");
        assert_eq!(next_name("prod é2026-05", now), "prod é2026-05 2026-11");
    }
}
