//! `/`: what to do next.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::approvals::pending::Pending;
use super::chrome::Chrome;
use super::failure::Failure;
use super::moment::Moment;
use super::nudge::{Aside, Nudge};
use super::page;
use super::revocations::clock::Clock;
use super::revocations::what::{Names, What};
use super::signed_in::SignedIn;
use super::traffic::Traffic;
use super::work;
use crate::model::approval::Request;
use crate::model::nudge::Dismissal;
use crate::model::page::Page;
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::break_glass::{self, Used};
use crate::store::{
    Conn, Error, applications, approvals, attention, resources, revocations, usage,
};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Overview {
    chrome: Chrome,
    manages: bool,
    steps: Steps,
    /// Revocations whose tokens somebody may still accept.
    exposed: Vec<Exposed>,
    /// There are more of them.
    has_more: bool,
    /// Break-glass accounts that were used.
    broken: Vec<(Used, Moment)>,
    work: Vec<Nudge>,
    /// What waits for the reader to decide.
    pending: Vec<Pending>,
    /// What was set aside last.
    aside: Vec<Aside>,
    /// How many more were.
    more_aside: usize,
    /// Of 24 hours.
    traffic: Traffic,
    newest: Vec<(String, String, Moment)>,
}

struct Exposed {
    id: String,
    what: What,
    clock: Clock,
}

/// The way to the first token; steps tick themselves from what is there.
#[derive(Clone, Copy)]
struct Steps {
    has_resource: bool,
    has_application: bool,
    has_token: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    if !person.reads() {
        return Ok(page::see_other("/applications"));
    }
    let now = person.now();
    let policy = app.key_policy();
    let not_asked_by = Some(person.administrator.id.clone());
    let others = approvals::Filter { open: Some(true), not_asked_by, ..Default::default() };
    let read = move |conn: &mut Conn| {
        let work = work::Seen::read(conn, now)?.work(policy, now);
        let more_aside = work.aside.len().saturating_sub(NAMED);
        let aside = aside(conn, work.aside, now)?;
        Ok((
            (steps(conn)?, exposed(conn, now)?, broken(conn, now)?, counted(conn, now)?),
            (work.said, aside, more_aside, attention::newest(conn, 5)?),
            approvals::page(conn, &others, None, NAMED)?.rows,
        ))
    };
    let ((steps, exposed, broken, counted), (work, aside, more_aside, newest), requests) =
        app.pages.read(read).await?;
    let decides = |request: &&Request| request.waits(now) && person.may(request.proposal.right());
    let waiting = requests.iter().filter(decides).map(|request| Pending::new(request, now));
    let newest = newest.into_iter().map(|(id, name, at)| (id, name, Moment::new(at, now)));
    page::html(&Overview {
        chrome: person.chrome("/"),
        manages: person.manages(),
        steps,
        has_more: exposed.next.is_some(),
        exposed: exposed.rows,
        broken,
        work,
        aside,
        more_aside,
        pending: waiting.collect(),
        traffic: Traffic::new(&counted, Seconds::DAY, now),
        newest: newest.collect(),
    })
}

/// So long it is shown that the glass was broken.
const BROKEN: Seconds = Seconds::days(14);

fn broken(conn: &mut Conn, now: UnixTime) -> Result<Vec<(Used, Moment)>, Error> {
    let used = break_glass::used_since(conn, now - BROKEN)?.into_iter();
    Ok(used.map(|used| (used.clone(), Moment::new(used.at, now))).collect())
}

/// Tokens and refusals of 24 hours.
fn counted(conn: &mut Conn, now: UnixTime) -> Result<Vec<usage::Traffic>, Error> {
    usage::traffic(conn, hour(now - Seconds::DAY), hour(now) + 1, None)
}

/// The most that are named here.
const NAMED: usize = 5;

/// What was set aside last, with the applications that it is about.
fn aside(
    conn: &mut Conn,
    mut dismissals: Vec<Dismissal>,
    now: UnixTime,
) -> Result<Vec<Aside>, Error> {
    dismissals.truncate(NAMED);
    let ids: Vec<String> =
        dismissals.iter().map(|dismissal| dismissal.matter.client_id.clone()).collect();
    let names = applications::names(conn, &ids)?;
    let shown = dismissals.into_iter().map(|dismissal| {
        let of = names.iter().find(|(id, _)| *id == dismissal.matter.client_id);
        let of = of.map(|(id, name)| (name.clone(), format!("/applications/{id}")));
        Aside { of, ..Aside::new(dismissal, now) }
    });
    Ok(shown.collect())
}

fn exposed(conn: &mut Conn, now: UnixTime) -> Result<Page<Exposed>, Error> {
    let running = revocations::running(conn, now, NAMED)?;
    let names = Names::read(conn, running.rows.iter().map(|row| &row.revocation))?;
    Ok(running.map(|recorded| Exposed {
        what: names.what(&recorded.revocation),
        clock: Clock::new(&recorded, now),
        id: recorded.revocation.id,
    }))
}

fn steps(conn: &mut Conn) -> Result<Steps, Error> {
    let resources: Page<_> = resources::page(conn, None, None, 1)?;
    Ok(Steps {
        has_resource: !resources.rows.is_empty(),
        has_application: applications::any(conn)?,
        has_token: usage::any_issued(conn)?,
    })
}

impl Steps {
    fn are_done(self) -> bool {
        self.has_resource && self.has_application && self.has_token
    }
}
