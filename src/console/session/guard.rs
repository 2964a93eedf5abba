//! Keeps guessing slow without keeping the person out.
use std::sync::Arc;

use actix_web::HttpRequest;

use crate::admin::Actor;
use crate::admin::guard::{self, Attempt, Verdict};
use crate::admin::sessions::{self, Refused};
use crate::console::failure::Failure;
use crate::model::administrator::Administrator;
use crate::store;
use crate::web::device::Device;
use crate::web::hashing::Lane;
use crate::web::{App, peer};

/// An attempt that was let through and charged.
pub struct Admission {
    attempt: Attempt,
    pub lane: Lane,
}

/// What is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Password,
    Code,
    Passkey,
}

/// Charges the attempt before what was typed is looked at.
///
/// # Errors
/// `TooMany`: it has to wait, or the address is blocked. That is recorded.
pub async fn admit(
    app: &Arc<App>,
    actor: &Actor,
    request: &HttpRequest,
    (email, found): (&str, Option<&Administrator>),
    asked: Asked,
) -> Result<Admission, Failure> {
    let device = app.keys.cookie_key().ok().and_then(|key| {
        let device = Device::of(request, &app.config, &key, actor.now)?;
        found.is_some_and(|found| found.id == device.administrator_id).then_some(device.id)
    });
    let attempt = Attempt {
        address: peer::address(request, &app.config.trusted_proxies),
        email: email.to_owned(),
        is_known: found.is_some(),
        device,
        is_code: asked == Asked::Code,
    };
    let (looked, now) = (attempt.clone(), actor.now);
    let mut verdict = app.store.read(move |conn| guard::look(conn, &looked, now)).await?;
    if verdict == Verdict::Go {
        let charged = attempt.clone();
        verdict = app.store.write(move |conn| guard::charge(conn, &charged, now)).await?;
    }
    let (why, wait) = match verdict {
        Verdict::Go => {
            let lane = if attempt.device.is_some() { Lane::Known } else { Lane::Stranger };
            return Ok(Admission { attempt, lane });
        }
        Verdict::Blocked(wait) => (Refused::Blocked, wait),
        Verdict::Wait(wait) => (Refused::Throttled, wait),
    };
    app.metrics.sign_in(why.as_str());
    app.recorder.record(sessions::refusal(actor, email, why)).await?;
    Err(Failure::TooMany { wait })
}

impl Admission {
    /// Gives back what was charged: it was the person.
    ///
    /// # Errors
    /// The database's.
    pub async fn acquit(self, app: &App, actor: &Actor) -> Result<(), store::Error> {
        let (attempt, now) = (self.attempt, actor.now);
        app.store.write(move |conn| guard::acquit(conn, &attempt, now)).await
    }

    /// Gives back what was charged: nothing was guessed.
    ///
    /// # Errors
    /// The database's.
    pub async fn refund(self, app: &App, actor: &Actor) -> Result<(), store::Error> {
        let (attempt, now) = (self.attempt, actor.now);
        app.store.write(move |conn| guard::refund(conn, &attempt, now)).await
    }
}
