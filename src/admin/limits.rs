//! Acts on limits on tokens.
use super::actor::{Done, differences};
use super::{Actor, Error, resources};
use crate::model::limit::words;
use crate::model::role::Right;
use crate::oauth::limit::{Limit, Subject};
use crate::store::registry::Touched;
use crate::store::{Conn, applications, limits};

/// Sets the limit on the tokens of an application, or takes it away: then that
/// of all applications is its own.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub fn set_for_application(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    limit: Option<&Limit>,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let target = ("application", client_id, application.details.name.as_str());
    let touched = Touched::Client(client_id.to_owned());
    set(conn, actor, &Subject::Application(client_id.to_owned()), limit, (target, touched))
}

/// Sets the limit on the tokens for an API, named by its id or identifier, or
/// takes it away.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub fn set_for_resource(
    conn: &mut Conn,
    actor: &Actor,
    resource: &str,
    limit: Option<&Limit>,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let resource = resources::resolve(conn, resource)?;
    let target = ("resource", resource.id.as_str(), resource.name.as_str());
    let subject = Subject::Resource(resource.identifier.clone());
    set(conn, actor, &subject, limit, (target, Touched::Everything))
}

fn set(
    conn: &mut Conn,
    actor: &Actor,
    subject: &Subject,
    limit: Option<&Limit>,
    (target, touched): ((&'static str, &str, &str), Touched),
) -> Result<(), Error> {
    let before = limits::find(conn, subject)?;
    if before.as_ref() == limit {
        return Ok(());
    }
    limits::set(conn, subject, limit)?;
    let text = |limit: Option<&Limit>| limit.map(words).unwrap_or_default();
    let mode = |limit: Option<&Limit>| match limit {
        Some(limit) if limit.watched => "only watched".to_owned(),
        Some(_) => "enforced".to_owned(),
        None => String::new(),
    };
    let changes = differences(&[
        ("tokens", text(before.as_ref()), text(limit)),
        ("limit", mode(before.as_ref()), mode(limit)),
    ]);
    let client_id = matches!(subject, Subject::Application(_)).then_some(target.1);
    let code = if limit.is_some() { "limit.set" } else { "limit.removed" };
    actor.record(conn, Done { code, target, client_id, changes, touched: Some(touched) })
}
