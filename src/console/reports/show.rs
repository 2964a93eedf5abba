//! `GET /reports/{id}`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::query::Query;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::oauth::UnixTime;
use crate::reports::report::{self, MOST, Parameter, Parameters, Report};
use crate::reports::table::{Cell, Table};
use crate::store::{Conn, Error};
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/reports/show.html")]
struct Show {
    chrome: Chrome,
    report: &'static Report,
    query: Query,
    errors: FieldErrors,
    fields: Vec<Field>,
    /// `None`: it was not told what it needs.
    answer: Option<Answer>,
}

/// A field of the form above the answer.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
}

struct Answer {
    table: Table,
    now: UnixTime,
    at: Moment,
    asked: String,
    /// Of the whole file: of a part nothing is said.
    sha256: Option<String>,
    file: String,
    /// Where all rows are, when these are only the first.
    whole: Option<String>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let report = report::find(&id).ok_or(Failure::NotFound)?;
    let (query, now) = (query.into_inner(), person.now());
    let told = query.told(now);
    let fields = fields(report, &query, told.as_ref().ok());
    let mut show = Show {
        chrome: person.chrome("/reports"),
        report,
        fields,
        errors: FieldErrors::default(),
        answer: None,
        query,
    };
    let told = match told {
        Ok(told) => told,
        Err(errors) => return page::unprocessable(&Show { errors, ..show }),
    };
    if report.missing(&told).is_none() {
        let table = answer(&app, report, told.clone()).await?;
        let same = show.query.same_text(report, &told);
        let is_part = table.is_cut && table.rows.len() == told.most && told.most < MOST;
        show.answer = Some(Answer {
            now,
            at: Moment::new(now, now),
            asked: report.describe(&told),
            sha256: (!is_part).then(|| table.sha256()),
            file: format!("/reports/{}/rows.csv?{same}", report.id),
            whole: is_part.then(|| {
                let rows = if same.is_empty() { "rows=all" } else { "&rows=all" };
                format!("/reports/{}?{same}{rows}#results", report.id)
            }),
            table,
        });
    }
    page::html(&show)
}

pub(super) async fn answer(
    app: &App,
    report: &'static Report,
    told: Parameters,
) -> Result<Table, Failure> {
    let read = move |conn: &mut Conn| -> Result<Table, Error> { report.ask(conn, &told) };
    Ok(app.pages.read(read).await?)
}

fn fields(report: &Report, query: &Query, told: Option<&Parameters>) -> Vec<Field> {
    let mut fields = Vec::new();
    for parameter in report.parameters.iter().copied() {
        let field = |name, label, hint, value: String| Field { name, label, hint, value };
        let typed = query.typed(parameter).to_owned();
        match parameter {
            Parameter::Period => {
                let shown = |typed: &str, at: Option<UnixTime>| match at {
                    Some(at) if typed.is_empty() => crate::console::moment::day(at),
                    _ => typed.to_owned(),
                };
                let from = shown(&query.from, told.map(|told| told.from));
                let to = shown(&query.to, told.map(|told| UnixTime(told.to.0 - 1)));
                fields.push(field("from", en("From, UTC"), "2026-10-01", from));
                fields.push(field("to", en("To, UTC, inclusive"), "2026-10-31", to));
            }
            Parameter::Application => {
                fields.push(field("application", en("Application"), en("Client ID"), typed));
            }
            Parameter::Api => fields.push(field("api", en("API"), en("Identifier"), typed)),
            Parameter::Scope => fields.push(field("scope", en("Scope"), "invoices:read", typed)),
            Parameter::Person => fields.push(field("person", en("Person"), en("Name"), typed)),
            Parameter::Secret => fields.push(field("secret", en("Secret"), "sec_…", typed)),
            Parameter::Token => {
                fields.push(field("token", en("Token"), en("jti or request ID"), typed));
            }
            Parameter::Key => fields.push(field("key", en("Signing key"), "kid", typed)),
            Parameter::Days => {
                let days = told.map_or(typed, |told| told.days.to_string());
                fields.push(field("days", en("Days"), "90", days));
            }
        }
    }
    fields
}

impl Answer {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass by reference")]
    fn moment(&self, at: &UnixTime) -> Moment {
        Moment::new(*at, self.now)
    }

    fn line(identifier: &str) -> &'static str {
        line::class(identifier)
    }
}

impl Show {
    /// Boxes to sign, on paper.
    fn is_signed_off(&self) -> bool {
        self.report.id == "access"
    }
}
