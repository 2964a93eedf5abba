//! `GET /applications/{client_id}`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::lifeline::{self, Lifeline};
use super::nudge::Facts;
use super::stops::{self, Used};
use crate::console::approvals::pending::Pending;
use crate::console::axis::Axis;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::nudge::{self, Aside, Nudge};
use crate::console::signed_in::SignedIn;
use crate::console::{count, duration, line, page};
use crate::model::application::Application;
use crate::model::approval::Subject;
use crate::model::grant::{Access, Grant};
use crate::model::secret::{Secret, State};
use crate::model::usage::{day, hour};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::samples::{Language, Sample};
use crate::store::usage::{self, Asked, Presented};
use crate::store::{
    Conn, Error, administrators, application_owners, applications, dismissals, grants, scopes,
    secrets, teams,
};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    /// Whether this one is cared for.
    cares: bool,
    reads: bool,
    owners: Vec<String>,
    pending: Vec<Pending>,
    application: Application,
    created: Moment,
    last_used: Option<Moment>,
    token_url: String,
    /// The quick start, in which language; `None` without access.
    sample: Option<(Sample, Language)>,
    axis: Axis,
    nudges: Vec<Nudge>,
    aside: Vec<Aside>,
    secrets: Vec<Row>,
    lines: Vec<Used>,
}

/// Which quick start is open.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    lang: String,
}

/// What the counts say of an application's use.
struct Seen {
    /// In 30 and in 90 days, by API and scope.
    counted: Vec<Asked>,
    asked: Vec<Asked>,
    /// In nine days, by secret and address.
    presented: Vec<Presented>,
    /// In 24 hours, by secret.
    today: Vec<Presented>,
}

/// What the database says of an application.
pub struct Loaded {
    pub application: Application,
    pub secrets: Vec<Secret>,
    pub access: Vec<Line>,
}

/// An API that it may call.
pub struct Line {
    pub grant: Grant,
    pub class: &'static str,
    pub stops: Vec<String>,
}

/// A secret on the axis.
struct Row {
    secret: Secret,
    state: State,
    lifeline: Lifeline,
    created: Moment,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    last_used: Option<Moment>,
    /// Tokens in 24 hours.
    today: String,
    /// From where, in nine days: an address, or how many.
    addresses: Text,
}

/// How far back addresses are looked at, and how many.
const OBSERVED: Seconds = Seconds::days(9);
const ADDRESSES: i64 = 200;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let language = Language::parse(&query.lang).unwrap_or_default();
    let (client_id, now) = (client_id.into_inner(), person.now());
    let found = app.pages.read(move |conn| {
        let Some(loaded) = read(conn, &client_id)? else { return Ok(None) };
        let mut owners = Vec::new();
        for id in application_owners::of_application(conn, &client_id)? {
            owners.extend(administrators::find(conn, &id)?.map(|person| person.name));
        }
        owners.extend(teams::of_application(conn, &client_id)?.into_iter().map(|team| team.name));
        let pending = Pending::of(conn, (Subject::Application, &client_id), now)?;
        let dismissals = dismissals::of_application(conn, &client_id)?;
        let seen = Seen::read(conn, &client_id, now)?;
        Ok::<_, Error>(Some((loaded, seen, (owners, dismissals, pending))))
    });
    let (loaded, seen, (owners, dismissals, pending)) = found.await?.ok_or(Failure::NotFound)?;
    let lines = seen.lines(&loaded, now);
    let nudges = seen.facts(&loaded, &lines, now).nudges();
    let (nudges, aside) = nudge::sort(nudges, &dismissals, now);
    let axis = lifeline::axis(&loaded.secrets, now);
    let last_used = loaded.last_used();
    let row = |secret: &Secret| Row::new(secret.clone(), &seen, &axis, now);
    page::html(&Show {
        chrome: person.chrome("/applications"),
        manages: person.manages(),
        cares: person.cares(),
        reads: person.reads(),
        owners,
        pending: if person.reads() { pending } else { Vec::new() },
        created: Moment::new(loaded.application.created_at, now),
        last_used: last_used.map(|at| Moment::new(at, now)),
        token_url: app.config.url("/oauth/token"),
        sample: loaded.sample(&app.config.url("")).map(|sample| (sample, language)),
        nudges,
        aside,
        secrets: loaded.secrets.iter().map(row).collect(),
        lines,
        application: loaded.application,
        axis,
    })
}

impl Seen {
    fn read(conn: &mut Conn, client_id: &str, now: UnixTime) -> Result<Self, Error> {
        Ok(Self {
            counted: usage::asked(conn, client_id, day(now - stops::COUNTED))?,
            asked: usage::asked(conn, client_id, day(now - stops::IDLE))?,
            presented: usage::presented(conn, client_id, hour(now - OBSERVED), ADDRESSES)?,
            today: usage::by_secret(conn, client_id, hour(now - Seconds::DAY))?,
        })
    }
}

impl Seen {
    fn lines(&self, loaded: &Loaded, now: UnixTime) -> Vec<Used> {
        stops::Usage::new(&self.counted, &self.asked, now).lines(&loaded.access)
    }

    fn facts<'a>(&'a self, loaded: &'a Loaded, lines: &'a [Used], now: UnixTime) -> Facts<'a> {
        let (application, secrets) = (&loaded.application, &loaded.secrets);
        Facts { application, secrets, presented: &self.presented, lines, now }
    }
}

/// What should be looked at of an application; `None`: there is none.
pub fn nudges(
    conn: &mut Conn,
    client_id: &str,
    now: UnixTime,
) -> Result<Option<Vec<Nudge>>, Error> {
    let Some(loaded) = read(conn, client_id)? else { return Ok(None) };
    let seen = Seen::read(conn, client_id, now)?;
    let lines = seen.lines(&loaded, now);
    Ok(Some(seen.facts(&loaded, &lines, now).nudges()))
}

/// An application with its secrets and its access.
pub async fn load(app: &App, client_id: String) -> Result<Loaded, Failure> {
    app.pages.read(move |conn| read(conn, &client_id)).await?.ok_or(Failure::NotFound)
}

/// What [`load`] loads, within a transaction.
pub fn read(conn: &mut Conn, client_id: &str) -> Result<Option<Loaded>, Error> {
    let Some(application) = applications::find(conn, client_id)? else { return Ok(None) };
    let mut access = Vec::new();
    let held = grants::all(conn, client_id)?;
    let whole = held.iter().filter(|grant| grant.access == Access::All);
    let whole: Vec<String> = whole.map(|grant| grant.resource_id.clone()).collect();
    let offered = scopes::of_resources(conn, &whole)?;
    for grant in held {
        let stops = match &grant.access {
            Access::All => {
                let of = offered.iter().filter(|(id, _)| *id == grant.resource_id);
                of.map(|(_, scope)| scope.name.clone()).collect()
            }
            Access::Scopes(names) => names.clone(),
        };
        let class = line::class(&grant.resource_identifier);
        access.push(Line { grant, class, stops });
    }
    Ok(Some(Loaded { application, secrets: secrets::all(conn, client_id)?, access }))
}

impl Loaded {
    /// A program that gets a token for its first API; `None` without access.
    pub fn sample(&self, issuer: &str) -> Option<Sample> {
        let line = self.access.first()?;
        let client_id = &self.application.client_id;
        Some(Sample::new(issuer, client_id, line.identifier(), &line.stops))
    }

    /// When any of its secrets was last used, to the minute.
    pub fn last_used(&self) -> Option<UnixTime> {
        self.secrets.iter().filter_map(|secret| secret.last_used_at).max()
    }
}

impl Line {
    pub fn identifier(&self) -> &str {
        &self.grant.resource_identifier
    }

    pub fn is_whole(&self) -> bool {
        self.grant.access == Access::All
    }
}

impl Row {
    fn new(secret: Secret, seen: &Seen, axis: &Axis, now: UnixTime) -> Self {
        let moment = |at: Option<UnixTime>| at.map(|at| Moment::new(at, now));
        let of = |row: &&Presented| row.secret_id == secret.id && row.issued > 0;
        let addresses: Vec<&str> =
            seen.presented.iter().filter(of).map(|row| row.address.as_str()).collect();
        Self {
            today: count::text(seen.today.iter().filter(of).map(|row| row.issued).sum()),
            addresses: match addresses.as_slice() {
                [] => Text::default(),
                [""] => text!("address not known"),
                [only] => text!("{address} only", address = only),
                several => text!("{count} addresses", count = several.len()),
            },
            state: secret.state(now),
            lifeline: Lifeline::new(&secret, axis, now),
            created: Moment::new(secret.created_at, now),
            expires: moment(secret.expires_at),
            revoked: moment(secret.revoked_at),
            last_used: moment(secret.last_used_at),
            secret,
        }
    }

    /// The plate beside its name: what it is, and how it looks.
    fn plate(&self) -> (&'static str, &'static str) {
        match (self.state, self.lifeline.ends_soon, &self.last_used) {
            (State::Revoked, ..) => (en("Revoked"), ""),
            (State::Expired, ..) => (en("Expired"), ""),
            (State::Active, true, _) => (en("Ends soon"), "caution"),
            (State::Active, false, None) => (en("Never used"), ""),
            (State::Active, false, Some(_)) => (en("Active"), "clear"),
        }
    }
}

impl Show {
    fn here(&self) -> String {
        format!("/applications/{}", self.application.client_id)
    }

    fn lifetime(&self) -> Text {
        let own = self.application.details.token_lifetime;
        own.map_or_else(|| text!("As each API says"), duration::text)
    }
}

/// What counts as soon.
pub const SOON: Seconds = Seconds::days(14);
