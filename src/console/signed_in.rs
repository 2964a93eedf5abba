//! The person behind a request, or the way to sign in.
use std::future::Future;
use std::pin::Pin;

use actix_session::{Session, SessionExt as _};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use super::chrome::{Chrome, Notice};
use super::failure::Failure;
use super::pages::{self, Need};
use super::sent;
use super::{language, page, preferences};
use crate::admin::Actor;
use crate::admin::actor::{Consent, Who};
use crate::model::administrator::Administrator;
use crate::model::approval::Request;
use crate::model::revocation::Recorded;
use crate::model::role::{Reach, Right, Role};
use crate::model::session::CONFIRMED;
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, administrators, application_owners, approvals, break_glass};
use crate::text;
use crate::texts::Text;
use crate::web::session_store::{
    ADDRESS, ADMINISTRATOR, CONFIRMED_AT, ID, NOTICE, SECOND_FACTOR, SIGNED_IN_AT, THROUGH,
};
use crate::web::{App, actor};

/// Somebody who signed in, is still active, and whose session has not ended.
/// What their role may do is asked of the database with every request, so a
/// change counts at once.
pub struct SignedIn {
    pub administrator: Administrator,
    pub actor: Actor,
    session: Session,
    theme: &'static str,
    keys: bool,
    /// Whether the application that the path names is theirs.
    owns: bool,
    /// How many acts wait for this person to decide.
    waiting: i64,
    here: String,
    host: String,
}

impl SignedIn {
    pub fn now(&self) -> UnixTime {
        self.actor.now
    }

    pub fn may(&self, right: Right) -> bool {
        match self.administrator.role.reach(right) {
            Reach::Everything => true,
            Reach::Owned => self.owns,
            Reach::Nothing => false,
        }
    }

    /// Whether controls of the application that the path names are shown.
    pub fn cares(&self) -> bool {
        self.may(Right::ManageApplication)
    }

    /// Whether pages of everything are linked to.
    pub fn reads(&self) -> bool {
        self.may(Right::Read)
    }

    /// Whose applications alone are shown; `None`: all.
    pub fn only_own(&self) -> Option<String> {
        let reach = self.administrator.role.reach(Right::ReadApplication);
        (reach == Reach::Owned).then(|| self.administrator.id.clone())
    }

    /// Whether controls that change APIs and applications are shown.
    pub fn manages(&self) -> bool {
        self.may(Right::ManageRegistry)
    }

    /// For handlers of forms: who may not send one may not see it.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must(&self, right: Right) -> Result<(), Failure> {
        if self.may(right) { Ok(()) } else { Err(Failure::Forbidden(right)) }
    }

    /// The id of the session this request came with.
    pub fn session_id(&self) -> String {
        self.session.get(ID).ok().flatten().unwrap_or_default()
    }

    /// What stands around the page of the menu entry `current`. Takes the
    /// notice: it is said once.
    pub fn chrome(&self, current: &'static str) -> Chrome {
        let notice = self.session.remove(NOTICE);
        Chrome {
            current,
            name: self.administrator.name.clone(),
            role: self.administrator.role,
            host: self.host.clone(),
            theme: self.theme,
            keys: self.keys,
            here: self.here.clone(),
            notice: notice.and_then(|text| serde_json::from_str(&text).ok()),
            waiting: self.waiting,
        }
    }

    /// Says `text` on the next page. Never anything secret.
    pub fn notice(&self, text: impl Into<Text>) {
        self.notice_linked(text, Vec::new());
    }

    /// The same, with the page of the revocation that the act made.
    pub fn notice_of(&self, text: impl Into<Text>, revocation: Option<&Recorded>) {
        self.notice_linked(text, revocation.map(page_of).into_iter().collect());
    }

    /// The same, with a link.
    pub fn notice_with(&self, text: impl Into<Text>, href: String, label: impl Into<Text>) {
        self.notice_linked(text, vec![(href, label.into())]);
    }

    /// The same, with several links: where they lead, and what they are called.
    /// Kept in the words of who did it: they read it.
    pub fn notice_linked(&self, text: impl Into<Text>, links: Vec<(String, Text)>) {
        let language = language::current();
        let words = |text: &Text| text.in_words_of(&language);
        let links = links.into_iter().map(|(href, label)| (href, words(&label))).collect();
        let notice = Notice { text: words(&text.into()), links };
        // A notice that cannot be kept is not worth a failure.
        let _ = self.session.insert(NOTICE, notice);
    }

    /// To the page of what was asked for instead of done.
    pub fn asked(&self, request: &Request) -> HttpResponse {
        self.notice(text!(
            "This takes two persons. Nothing is done yet: somebody else has to approve it."
        ));
        page::see_other(&format!("/approvals/{}", request.id))
    }
}

/// The link to what a revocation hit.
pub fn page_of(revocation: &Recorded) -> (String, Text) {
    (format!("/revocations/{}", revocation.revocation.id), text!("See what it hit"))
}

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { find(&request).await })
    }
}

/// Who made this request, before anybody is known to have signed in.
pub fn anonymous(request: &HttpRequest, app: &App) -> Actor {
    Actor {
        who: Who::Anonymous,
        source: actor::source(request, app),
        request_id: actor::request_id(request),
        because: None,
        now: app.clock.now(),
        chain: app.config.instance.as_str().into(),
        entropy: app.entropy.clone(),
        consent: Consent::default(),
    }
}

/// The person, whether the application is theirs, and how many acts wait for them
/// to decide.
type Seen = (Option<Administrator>, bool, i64);

fn seen(conn: &mut Conn, id: &str, client_id: &str, now: UnixTime) -> Result<Seen, Error> {
    let Some(person) = administrators::find(conn, id)? else { return Ok((None, false, 0)) };
    let owns = person.role == Role::Developer
        && !client_id.is_empty()
        && application_owners::owns(conn, client_id, id)?;
    let waiting = if person.role.may(Right::ManageRegistry) {
        approvals::waiting(conn, id, now)?.count
    } else {
        0
    };
    Ok((Some(person), owns, waiting))
}

async fn find(request: &HttpRequest) -> Result<SignedIn, Failure> {
    let broken = || Failure::Broken("no app".to_owned());
    let app = request.app_data::<web::Data<App>>().ok_or_else(broken)?;
    let session = request.get_session();
    let out = || {
        let next = request.uri().path_and_query().map_or("/", |path| path.as_str());
        // A form that was sent cannot be sent again by a redirect.
        let next = if request.method() == "GET" { next } else { "/" };
        Failure::SignIn { next: next.to_owned() }
    };
    let id: Option<String> = session.get(ADMINISTRATOR).ok().flatten();
    let signed_in_at: Option<i64> = session.get(SIGNED_IN_AT).ok().flatten();
    let (Some(id), Some(signed_in_at)) = (id, signed_in_at) else { return Err(out()) };
    let actor = anonymous(request, app);
    let ends = UnixTime(signed_in_at) + app.session_limits().longest;
    if ends <= actor.now {
        session.purge();
        return Err(out());
    }
    let client_id = request.match_info().get("client_id").unwrap_or_default().to_owned();
    // Who signed in before it was so is asked to do it again.
    let only = app.openid.as_ref().is_some_and(|provider| provider.config().only);
    let must_break_glass = only && !session.contains_key(THROUGH);
    let now = actor.now;
    let read = app.store.read(move |conn| {
        if must_break_glass && !break_glass::is_one(conn, &id)? {
            return Ok((None, false, 0));
        }
        seen(conn, &id, &client_id, now)
    });
    let (found, owns, waiting) = read.await?;
    let Some(administrator) = found.filter(|person| person.active) else {
        session.purge();
        return Err(out());
    };
    if session.get::<Option<String>>(ADDRESS).ok().flatten().flatten() != actor.source.address {
        // Where it was last seen; a list without it is not worth a failure.
        let _ = session.insert(ADDRESS, &actor.source.address);
    }
    let proved: bool = session.get(SECOND_FACTOR).ok().flatten().unwrap_or_default();
    if !proved && app.config.second_factor_required.contains(&administrator.role) {
        session.purge();
        return Err(out());
    }
    let confirmed_at: Option<i64> = session.get(CONFIRMED_AT).ok().flatten();
    let fresh = confirmed_at.is_some_and(|at| actor.now < UnixTime(at) + CONFIRMED);
    if let Err(failure) = admit(request, administrator.role, owns, fresh) {
        return Err(with_names(app, failure).await);
    }
    let actor = Actor { because: sent::because(request)?, ..actor };
    let host = url::Url::parse(&app.config.issuer.url).ok();
    Ok(SignedIn {
        actor: actor.signed_in_as(&administrator),
        session,
        theme: preferences::theme(request),
        keys: preferences::keys(request),
        owns,
        waiting,
        here: here(request),
        host: host.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
        administrator,
    })
}

/// Holds the request to the table of pages, before its handler runs.
fn admit(request: &HttpRequest, role: Role, owns: bool, fresh: bool) -> Result<(), Failure> {
    let path = request.match_pattern().unwrap_or_default();
    let need = pages::need(request.method().as_str(), &path);
    let right = match need {
        Some(Need::Anybody | Need::Password) => return Ok(()),
        Some(Need::Right(right) | Need::Confirmed(right)) => right,
        // The handler and the act ask again; for whom only some is open, what
        // nobody thought of is not.
        None => Right::Read,
    };
    let of_one = request.match_info().get("client_id").is_some();
    match role.reach(right) {
        Reach::Everything => {}
        // A list: the handler shows their own.
        Reach::Owned if owns || !of_one => {}
        Reach::Owned | Reach::Nothing => return Err(Failure::Forbidden(right)),
    }
    match need {
        Some(Need::Confirmed(_)) if !fresh => Err(Failure::Confirm { next: back(request, &path) }),
        _ => Ok(()),
    }
}

/// The most people who are named.
const NAMED: usize = 5;

/// Says who has the right that somebody lacks, so that they know whom to ask.
async fn with_names(app: &App, failure: Failure) -> Failure {
    let Failure::Forbidden(right) = failure else { return failure };
    let may =
        |person: &Administrator| person.active && person.role.reach(right) == Reach::Everything;
    match app.store.read(administrators::all).await {
        Ok(people) => {
            let names = people.into_iter().filter(may).map(|person| person.name);
            Failure::Withheld { right, from: names.take(NAMED).collect() }
        }
        Err(error) => error.into(),
    }
}

/// Where one goes on after saying again who one is: the same page; of a form
/// that was sent, which is not sent again, the page it stands on.
fn back(request: &HttpRequest, pattern: &str) -> String {
    if matches!(request.method().as_str(), "GET" | "HEAD") {
        return request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    pages::form_of(pattern, request.path()).to_owned()
}

/// Where a form of the frame leads back to. The answer to a form is not asked
/// for again, and what was searched for is nobody's who sees the page later.
fn here(request: &HttpRequest) -> String {
    let uri = request.uri();
    let whole = request.method() == "GET" && uri.path() != "/search";
    let path = uri.path_and_query().filter(|_| whole).map_or(uri.path(), |path| path.as_str());
    path.to_owned()
}

impl SignedIn {
    pub fn is_owner(&self) -> bool {
        self.administrator.role == Role::Owner
    }
}
