//! Acts on things to look at.
use super::actor::Done;
use super::{Actor, Error};
use crate::model::audit_event::Change;
use crate::model::nudge::{Dismissal, Matter, Urgency};
use crate::model::role::Right;
use crate::store::{Conn, dismissals};

/// Sets aside what is said now: what is urgent for a day, other things for 30.
///
/// # Errors
/// `Forbidden`: the actor may not manage the application concerned, or, when it
/// concerns none, the registry.
pub fn dismiss(
    conn: &mut Conn,
    actor: &Actor,
    matter: &Matter,
    (urgency, said): (Urgency, &str),
) -> Result<Dismissal, Error> {
    must(conn, actor, matter)?;
    let dismissal = Dismissal {
        matter: matter.clone(),
        urgency,
        said: said.to_owned(),
        by: actor.name(),
        at: actor.now,
        until: actor.now + urgency.rest(),
    };
    dismissals::set(conn, &dismissal)?;
    let until = super::utc(dismissal.until);
    let changes = vec![Change { field: "until".into(), before: String::new(), after: until }];
    record(conn, actor, "nudge.dismissed", &dismissal, changes)?;
    Ok(dismissal)
}

/// Has it said again.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: it is not set aside, or no more.
pub fn restore(conn: &mut Conn, actor: &Actor, matter: &Matter) -> Result<(), Error> {
    must(conn, actor, matter)?;
    let found = dismissals::find(conn, matter)?.filter(|found| actor.now < found.until);
    let dismissal = found.ok_or(Error::NotFound)?;
    dismissals::delete(conn, matter)?;
    let until = super::utc(dismissal.until);
    let changes = vec![Change { field: "until".into(), before: until, after: String::new() }];
    record(conn, actor, "nudge.restored", &dismissal, changes)
}

fn must(conn: &mut Conn, actor: &Actor, matter: &Matter) -> Result<(), Error> {
    if matter.client_id.is_empty() {
        actor.must(Right::ManageRegistry)
    } else {
        actor.must_for(conn, Right::ManageApplication, &matter.client_id)
    }
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    dismissal: &Dismissal,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let (matter, id) = (&dismissal.matter, dismissal.matter.id());
    let client_id = Some(matter.client_id.as_str()).filter(|id| !id.is_empty());
    let target = ("nudge", id.as_str(), dismissal.said.as_str());
    actor.record(conn, Done { code, target, client_id, changes, touched: None })
}
