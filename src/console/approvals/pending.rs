//! A request in a line: on the page of what it is about, and in lists.
use super::sentence::sentence;
use crate::console::moment::Moment;
use crate::model::approval::{Request, State, Subject};
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, approvals};
use crate::texts::{Text, en};

pub struct Pending {
    pub id: String,
    /// `Ada asks to set the access of application billing`.
    pub sentence: Text,
    pub reason: String,
    pub asked: Moment,
    pub expires: Moment,
    /// Its state, as a plate shows it: the word and how it looks.
    pub plate: (&'static str, &'static str),
    pub by: String,
}

impl Pending {
    pub fn new(request: &Request, now: UnixTime) -> Self {
        let decision = request.decision.as_ref();
        Self {
            id: request.id.clone(),
            sentence: sentence(request),
            reason: request.reason.clone(),
            asked: Moment::new(request.asked_at, now),
            expires: Moment::new(request.expires_at, now),
            plate: plate(request, now),
            by: decision.map(|decision| decision.by_name.clone()).unwrap_or_default(),
        }
    }

    /// Those that wait and are about this.
    pub fn of(
        conn: &mut Conn,
        subject: (Subject, &str),
        now: UnixTime,
    ) -> Result<Vec<Self>, Error> {
        let open = approvals::open_of(conn, subject, now)?;
        Ok(open.iter().map(|request| Self::new(request, now)).collect())
    }
}

/// One whose time is over is told as expired before anybody has written so.
pub fn plate(request: &Request, now: UnixTime) -> (&'static str, &'static str) {
    match request.state {
        State::Open if request.waits(now) => (en("Waits"), "caution"),
        State::Open | State::Expired => (en("Expired"), ""),
        State::Approved => (en("Approved"), "clear"),
        State::Refused => (en("Refused"), "danger"),
        State::Withdrawn => (en("Taken back"), ""),
    }
}
