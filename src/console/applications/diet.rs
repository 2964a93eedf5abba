//! `/applications/{client_id}/access/diet`: only what it uses.
use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{access, choice};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::application::Application;
use crate::model::diet::Verdict;
use crate::model::grant::{Access, Grant};
use crate::model::history::{GrantSpan, Held};
use crate::model::role::Right;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, applications, days as counted, grants, holdings, scopes, uses};
use crate::text;
use crate::texts::{en, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/applications/diet.html")]
struct Diet {
    chrome: Chrome,
    application: Application,
    days: i64,
    lines: Vec<Line>,
    version: String,
    /// Use is counted since then only, which is less than `days` ago.
    counted_since: Option<Moment>,
}

/// An API that it may call.
struct Line {
    grant: Grant,
    class: &'static str,
    is_whole: bool,
    /// The API itself: whether any token was for it.
    call: Judged,
    stops: Vec<Stop>,
}

struct Stop {
    name: String,
    judged: Judged,
}

/// A verdict with its moment.
struct Judged {
    verdict: Verdict,
    at: Option<Moment>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    days: String,
}

/// How many days without use are long, unless somebody says otherwise.
pub const DAYS: i64 = 90;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let days = days(&query.days);
    let (client_id, now) = (client_id.into_inner(), person.now());
    let read = move |conn: &mut Conn| load(conn, &client_id, now, days);
    let (application, lines, held, first) = app.pages.read(read).await?.ok_or(Failure::NotFound)?;
    let first = first.map_or(now, usage::begin_of_day);
    page::html(&Diet {
        chrome: person.chrome("/applications"),
        application,
        days,
        version: choice::version(&choice::held(&held)),
        lines,
        counted_since: (first > now - Seconds::days(days)).then(|| Moment::new(first, now)),
    })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (app, client_id) = (app.into_inner(), client_id.into_inner());
    let version = form.iter().find(|(name, _)| name == "version");
    let version = version.map(|(_, value)| value.clone()).unwrap_or_default();
    let wanted = choice::chosen(&form);
    let (actor, id, at) = (person.actor.clone(), client_id.clone(), person.now());
    let save = move |conn: &mut Conn| access::save(conn, &actor, &id, &version, &wanted);
    let done = match act_or_ask(&app, &person.actor, save).await? {
        Settled::Done(done) => done,
        Settled::Asked(request) => return Ok(person.asked(&request)),
    };
    if done == 0 {
        person.notice(text!("Nothing was changed."));
    } else {
        let undo = format!("/applications/{client_id}/access/restoration?before={}", at.0);
        person.notice_with(text!("It holds only what you kept."), undo, en("Undo"));
    }
    Ok(page::see_other(&format!("/applications/{client_id}")))
}

/// The number of days that is asked for, if it is one.
pub fn days(text: &str) -> i64 {
    text.trim().parse().ok().filter(|days| (1..=400).contains(days)).unwrap_or(DAYS)
}

type Loaded = (Application, Vec<Line>, Vec<Grant>, Option<i64>);

fn load(
    conn: &mut Conn,
    client_id: &str,
    now: UnixTime,
    days: i64,
) -> Result<Option<Loaded>, Error> {
    let Some(application) = applications::find(conn, client_id)? else { return Ok(None) };
    let held = grants::all(conn, client_id)?;
    let ids: Vec<String> = held.iter().map(|grant| grant.resource_id.clone()).collect();
    let spans = holdings::grants_at(conn, &[client_id.to_owned()], Some(&ids), now)?;
    let mut offered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, scope) in scopes::of_resources(conn, &ids)? {
        offered.entry(id).or_default().push(scope.name);
    }
    let mut lines = Vec::new();
    for grant in &held {
        let names = match &grant.access {
            Access::All => offered.get(&grant.resource_id).cloned().unwrap_or_default(),
            Access::Scopes(names) => names.clone(),
        };
        let mut stops = Vec::new();
        for name in names {
            let part = match grant.access {
                Access::All => Held::AllScopes,
                Access::Scopes(_) => Held::Scope(name.clone()),
            };
            let judged =
                Judged::read(conn, grant, &name, since(&spans, grant, &part), (now, days))?;
            stops.push(Stop { name, judged });
        }
        let begun = since(&spans, grant, &Held::Api);
        lines.push(Line {
            class: line::class(&grant.resource_identifier),
            is_whole: grant.access == Access::All,
            call: Judged::read(conn, grant, "", begun, (now, days))?,
            stops,
            grant: grant.clone(),
        });
    }
    Ok(Some((application, lines, held, counted::first_day(conn)?)))
}

/// Since when it holds this part.
fn since(spans: &[GrantSpan], grant: &Grant, part: &Held) -> UnixTime {
    let of = spans.iter().filter(|span| span.resource_id == grant.resource_id);
    of.filter(|span| span.held == *part).map(|span| span.span.from).max().unwrap_or_default()
}

impl Judged {
    fn read(
        conn: &mut Conn,
        grant: &Grant,
        scope: &str,
        since: UnixTime,
        (now, days): (UnixTime, i64),
    ) -> Result<Self, Error> {
        let (client_id, api) = (&grant.client_id, &grant.resource_identifier);
        let used = uses::last(conn, client_id, api, scope, usage::day(now))?;
        let verdict = Verdict::of(since, used.at, now, days);
        let at = match verdict {
            Verdict::Used(at) | Verdict::New(at) | Verdict::Idle(Some(at)) => Some(at),
            Verdict::Idle(None) => None,
        };
        Ok(Self { verdict, at: at.map(|at| Moment::new(at, now)) })
    }

    fn is_kept(&self) -> bool {
        !self.verdict.is_idle()
    }

    fn is_new(&self) -> bool {
        matches!(self.verdict, Verdict::New(_))
    }
}

impl Line {
    /// All scopes go on being held when none of them is idle.
    fn keeps_all(&self) -> bool {
        self.is_whole && self.call.is_kept() && self.stops.iter().all(|stop| stop.judged.is_kept())
    }
}

impl Diet {
    /// How much would be taken away.
    fn idle(&self) -> usize {
        let of = |line: &Line| {
            let stops = line.stops.iter().filter(|stop| !stop.judged.is_kept()).count();
            if line.stops.is_empty() { usize::from(!line.call.is_kept()) } else { stops }
        };
        self.lines.iter().map(of).sum()
    }
}
