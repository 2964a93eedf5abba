//! `GET /keys`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::life::{self, Life};
use crate::console::axis::Axis;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::{self, Policy};
use crate::oauth::UnixTime;
use crate::store::signing_keys;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/keys/index.html")]
struct Index {
    chrome: Chrome,
    manages: bool,
    jwks_url: String,
    axis: Axis,
    groups: Vec<Group>,
    /// Those that are out of use, newest first.
    ended: Vec<Row>,
    lead_hours: i64,
    period_days: Option<i64>,
}

/// The keys of a purpose.
struct Group {
    title: &'static str,
    about: &'static str,
    id: &'static str,
    rows: Vec<Row>,
}

struct Row {
    key: SigningKey,
    life: Life,
    published: Moment,
    /// What happens to it next, and when.
    step: &'static str,
    at: Option<(Moment, Text)>,
    can_sign: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let keys = app.pages.read(signing_keys::all).await?;
    let (now, policy) = (person.now(), app.key_policy());
    let mut published: Vec<_> =
        keys.iter().filter(|key| key.state.is_published()).cloned().collect();
    published.sort_by_key(|key| (key.algorithm, place(key.state), key.created_at));
    let first = published.iter().map(|key| key.created_at).min();
    let last = published.iter().filter_map(|key| life::signs(key, &keys, policy).1).max();
    let axis = Axis::over(first, last, now);
    let row = |key: &SigningKey| Row::new(key.clone(), &keys, policy, (&axis, now));
    let group = |purpose, title, about, id| {
        let of = published.iter().filter(|key| key.purpose == purpose);
        Group { title, about, id, rows: of.map(row).collect() }
    };
    let groups = vec![
        group(
            Purpose::AccessTokens,
            en("Access tokens"),
            en("Their public halves are fetched by every API that checks tokens itself."),
            "tokens",
        ),
        group(
            Purpose::TokenStatus,
            en("Status of tokens"),
            en("They sign status lists and the revocation feed, and no token."),
            "status",
        ),
        group(
            Purpose::Checkpoints,
            en("Checkpoints of the audit log"),
            en(
                "They sign what the log contains, and stand on its integrity page, not among the keys \
             above. They change by hand only: tell those who verify it first.",
            ),
            "checkpoints",
        ),
    ];
    let ended = keys.iter().rev().filter(|key| !key.state.is_published()).take(20);
    page::html(&Index {
        chrome: person.chrome("/keys"),
        manages: person.manages(),
        jwks_url: app.config.url("/oauth/jwks.json"),
        ended: ended.map(row).collect(),
        groups,
        axis,
        lead_hours: policy.lead.0 / 3_600,
        period_days: policy.period.map(|period| period.0 / 86_400),
    })
}

/// What signs stands first, what follows it next.
const fn place(state: State) -> u8 {
    match state {
        State::Current => 0,
        State::Next => 1,
        State::Retired | State::Removed | State::Revoked => 2,
    }
}

impl Row {
    fn new(
        key: SigningKey,
        keys: &[SigningKey],
        policy: Policy,
        (axis, now): (&Axis, UnixTime),
    ) -> Self {
        let (step, at) = match key.state {
            State::Next => (en("signs from"), life::signs(&key, keys, policy).0),
            State::Current => (en("signs until"), timetable::ends_at(&key, policy)),
            State::Retired => (en("published until"), timetable::removed_at(&key)),
            State::Removed => (en("retired"), key.ended_at),
            State::Revoked => (en("revoked"), key.ended_at),
        };
        Self {
            life: Life::new(&key, keys, policy, axis),
            published: Moment::new(key.created_at, now),
            at: at.map(|at| (Moment::new(at, now), Moment::date(at))),
            can_sign: key.state == State::Next && timetable::safe_from(&key, policy) <= now,
            step,
            key,
        }
    }

    fn plate(&self) -> (&'static str, &'static str) {
        match self.key.state {
            State::Next => (en("Stands by"), ""),
            State::Current => (en("Signing"), "clear"),
            State::Retired => (en("Retired"), ""),
            State::Removed => (en("Removed"), ""),
            State::Revoked => (en("Revoked"), "danger"),
        }
    }
}
