//! `/apis/{id}/exam`: what an API lets through.
use std::time::Duration;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::show;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::exam::{self, Check, Examiner, Finding, Verdict};
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::oauth::scope::ScopeSet;
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/exam.html")]
struct Page {
    chrome: Chrome,
    errors: FieldErrors,
    resource: Resource,
    input: Input,
    findings: Vec<Finding>,
}

/// The fields as they were typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    url: String,
    method: String,
    client_id: String,
    scope: String,
    follows: Option<String>,
}

/// How long a revocation may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let resource = show::find(&app, id.into_inner()).await?;
    let input = Input { method: "GET".to_owned(), ..Input::default() };
    page::html(&fill(&person, resource, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, input) = (app.into_inner(), form.into_inner());
    let resource = show::find(&app, id.into_inner()).await?;
    let exam = match read(&input, &resource, is_loopback(&app)) {
        Ok(exam) => exam,
        Err((field, why)) => {
            let errors = FieldErrors::one(field, why);
            return page::unprocessable(&fill(&person, resource, input, errors));
        }
    };
    let Ok(_turn) = app.exams.try_acquire() else {
        return Err(Failure::Conflict(en("An exam is being held; wait for its end.").to_owned()));
    };
    let (examined, actor) = (app.clone(), person.actor.clone());
    let held = tokio::task::spawn_blocking(move || {
        let examiner = Examiner {
            store: &examined.store,
            keys: &examined.keys,
            issuer: &examined.config.issuer.url,
            clock: &examined.clock,
            actor: &actor,
        };
        let findings = examiner.hold(&exam);
        examined.take_up_changes();
        findings
    });
    let held = held.await.map_err(|error| Failure::Broken(error.to_string()))?;
    match held {
        Ok(findings) => {
            let filled = fill(&person, resource, input, FieldErrors::default());
            page::html(&Page { findings, ..filled })
        }
        Err(error) => {
            let (field, why) = refused(error)?;
            let errors = FieldErrors::one(field, why);
            page::unprocessable(&fill(&person, resource, input, errors))
        }
    }
}

/// The field to blame for an exam that was not held.
fn refused(error: exam::Error) -> Result<(&'static str, Text), Failure> {
    match error {
        exam::Error::Act(crate::admin::Error::NotFound) => {
            Ok(("client_id", text!("No application has this client ID.")))
        }
        exam::Error::Act(error) => Err(error.into()),
        exam::Error::Keys(error) => Err(Failure::Broken(error.to_string())),
        exam::Error::NoToken(why) => Ok(("client_id", text!("It gets no token: {why}.", why))),
        exam::Error::Url(why) => Ok(("url", Text::from(why))),
    }
}

fn read(
    input: &Input,
    resource: &Resource,
    loopback: bool,
) -> Result<exam::Exam, (&'static str, String)> {
    let url = exam::Exam::read_url(input.url.trim()).map_err(|why| ("url", why.to_string()))?;
    let scope = match input.scope.trim() {
        "" => None,
        scopes => {
            let parsed = ScopeSet::parse(scopes);
            Some(parsed.map_err(|error| ("scope", format!("{}.", error.description)))?)
        }
    };
    Ok(exam::Exam {
        url,
        method: input.method.trim().to_ascii_uppercase(),
        resource: resource.identifier.clone(),
        client_id: input.client_id.trim().to_owned(),
        scope,
        follows_revocations: input.follows.is_some(),
        loopback,
        patience: PATIENCE,
    })
}

/// Whoever serves loopback alone is being tried out: there the API is too.
fn is_loopback(app: &App) -> bool {
    app.config.listen.ip().is_loopback() && !app.config.issuer.is_https
}

fn fill(person: &SignedIn, resource: Resource, input: Input, errors: FieldErrors) -> Page {
    Page { chrome: person.chrome("/apis"), errors, resource, input, findings: Vec::new() }
}

impl Page {
    /// The whole in a sentence.
    fn summary(&self) -> Text {
        let count = |verdict| self.findings.iter().filter(|f| f.verdict == verdict).count();
        match (count(Verdict::Failed), count(Verdict::Warned)) {
            (0, 0) => text!("It did well in all {count} checks.", count = self.findings.len()),
            (0, warned) => text!("No hole was found; {count} checks want a look.", count = warned),
            (failed, _) => text!(failed => "One check failed.", "{n} checks failed."),
        }
    }

    fn signal(finding: &Finding) -> &'static str {
        match finding.verdict {
            Verdict::Passed => "clear",
            Verdict::Warned => "caution",
            Verdict::Failed => "danger",
        }
    }

    fn words(finding: &Finding) -> &'static str {
        match finding.check {
            Check::Good => en("good"),
            Check::NoToken => en("no token"),
            Check::TamperedSignature => en("tampered signature"),
            Check::WrongType => en("wrong type"),
            Check::UnknownKey => en("unknown key"),
            Check::EmbeddedKey => en("embedded key"),
            Check::AlgNone => "alg none",
            Check::HmacWithPem => "hs256 with pem",
            Check::HmacWithJwk => "hs256 with jwk",
            Check::Expired => en("expired"),
            Check::WrongAudience => en("wrong audience"),
            Check::WrongIssuer => en("wrong issuer"),
            Check::MissingScope => en("missing scope"),
            Check::Revoked => en("revoked"),
        }
    }

    fn verdict(finding: &Finding) -> &'static str {
        match finding.verdict {
            Verdict::Passed => en("passed"),
            Verdict::Failed => en("failed"),
            Verdict::Warned => en("warned"),
        }
    }
}
