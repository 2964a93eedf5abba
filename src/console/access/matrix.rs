//! `GET /access?view=matrix`: applications are rows, APIs are lines, and what is
//! held are stops on them.
use std::collections::HashSet;

use actix_web::HttpResponse;
use askama::Template;

use super::index::Filter;
use super::query::Query;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::page::PAGE_ROWS;
use crate::model::usage;
use crate::reports::access::{self, Asked, Row};
use crate::store::holdings::{self, KnownApplication, KnownResource};
use crate::store::uses::Use;
use crate::store::{Conn, Error, uses};
use crate::texts::filters;
use crate::web::App;

/// The most APIs beside one another.
const COLUMNS: usize = 8;

/// How many days back a scope counts as used.
pub const DAYS: i64 = 90;

#[derive(Template)]
#[template(path = "console/access/matrix.html")]
struct Matrix {
    chrome: Chrome,
    filter: Filter,
    columns: Vec<Column>,
    /// By application, a cell for each column.
    rows: Vec<(KnownApplication, Vec<Option<Cell>>)>,
    next: Option<String>,
    next_columns: Option<String>,
}

struct Column {
    resource: KnownResource,
    class: &'static str,
}

struct Cell {
    all: bool,
    class: &'static str,
    stops: Vec<Stop>,
    could_call: bool,
}

/// A scope that is held.
struct Stop {
    name: String,
    is_used: bool,
}

/// What the database says.
struct Loaded {
    resources: Vec<KnownResource>,
    has_more: bool,
    rows: Vec<Row>,
    next: Option<String>,
    used: HashSet<Use>,
}

pub(super) async fn get(
    person: &SignedIn,
    app: &App,
    filter: Filter,
    asked: Asked,
) -> Result<HttpResponse, Failure> {
    let query = filter.query.clone();
    let loaded = app.pages.read(move |conn| load(conn, asked, &query)).await?;
    let column = loaded.resources.last().filter(|_| loaded.has_more);
    let next_columns = column.map(|last| {
        let (after, column) = (String::new(), last.id.clone());
        Query { after, column, ..filter.query.clone() }.href()
    });
    let (rows, next) = cells(&loaded);
    let next = next.map(|after| Query { after, ..filter.query.clone() }.href());
    let columns = loaded
        .resources
        .into_iter()
        .map(|resource| Column { class: line::class(&resource.identifier), resource });
    page::html(&Matrix {
        chrome: person.chrome("/access"),
        columns: columns.collect(),
        filter,
        rows,
        next,
        next_columns,
    })
}

fn load(conn: &mut Conn, mut asked: Asked, query: &Query) -> Result<Loaded, Error> {
    let at = asked.at;
    let (resources, has_more) = columns(conn, &asked, &query.column)?;
    asked.among = Some(resources.iter().map(|resource| resource.id.clone()).collect());
    let after = Some(query.after.as_str()).filter(|after| !after.is_empty());
    let page = access::page(conn, &asked, after, PAGE_ROWS * COLUMNS)?;
    let (today, asked) = (usage::day(at), page.rows.iter().flat_map(Row::uses));
    let used = uses::used(conn, &asked.collect::<Vec<_>>(), (today - DAYS, today))?;
    Ok(Loaded { resources, has_more, rows: page.rows, next: page.next, used })
}

/// The APIs that stand beside one another, and whether there are more.
fn columns(
    conn: &mut Conn,
    asked: &Asked,
    after: &str,
) -> Result<(Vec<KnownResource>, bool), Error> {
    if let Some(api) = &asked.api {
        let mut called = holdings::resources_called(conn, api)?;
        called.retain(|resource| resource.existed_at(asked.at));
        return Ok((called, false));
    }
    let after = holdings::resources_of_ids(conn, &[after.to_owned()])?.pop();
    let after = after.map(|resource| (resource.name_key, resource.id));
    let most = i64::try_from(COLUMNS).unwrap_or(i64::MAX);
    let mut found = holdings::resources(conn, asked.at, after.as_ref(), most + 1)?;
    let has_more = found.len() > COLUMNS;
    found.truncate(COLUMNS);
    Ok((found, has_more))
}

type CellRows = Vec<(KnownApplication, Vec<Option<Cell>>)>;

/// A page of applications, and where the next begins.
fn cells(loaded: &Loaded) -> (CellRows, Option<String>) {
    let mut rows: CellRows = Vec::new();
    let mut last = None;
    for row in &loaded.rows {
        let is_new =
            rows.last().is_none_or(|(known, _)| known.client_id != row.application.client_id);
        if is_new && rows.len() == PAGE_ROWS {
            return (rows, last);
        }
        if is_new {
            let empty = loaded.resources.iter().map(|_| None).collect();
            rows.push((row.application.clone(), empty));
        }
        let column = loaded.resources.iter().position(|resource| resource.id == row.resource.id);
        let cell = column.and_then(|column| rows.last_mut()?.1.get_mut(column));
        if let Some(cell) = cell {
            *cell = Some(Cell::new(row, &loaded.used));
        }
        last = Some(row.key());
    }
    (rows, loaded.next.clone())
}

impl Cell {
    fn new(row: &Row, used: &HashSet<Use>) -> Self {
        let (client_id, api) = (&row.application.client_id, &row.resource.identifier);
        let is_used =
            |scope: &str| used.contains(&(client_id.clone(), api.clone(), scope.to_owned()));
        let stop = |name: &String| Stop { is_used: is_used(name), name: name.clone() };
        Self {
            all: row.holding.all,
            class: line::class(api),
            stops: row.holding.scopes.iter().map(stop).collect(),
            could_call: row.could_call(),
        }
    }
}
