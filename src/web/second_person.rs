//! Acts that may take two persons.
use std::sync::Arc;

use super::App;
use crate::admin::{Actor, Error, approvals};
use crate::model::approval::Request;
use crate::store::Conn;

/// What became of an act.
pub enum Settled<T> {
    Done(T),
    /// It takes two persons, and waits for the second.
    Asked(Box<Request>),
}

/// [`App::act`]; an act that takes two persons is asked for instead.
///
/// # Errors
/// Those of the act, and of [`approvals::ask`].
pub async fn act_or_ask<T, F>(app: &Arc<App>, actor: &Actor, act: F) -> Result<Settled<T>, Error>
where
    T: Send + 'static,
    F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
{
    match app.act(act).await {
        Err(Error::SecondPerson(proposal)) => {
            let actor = actor.clone();
            let ask = move |conn: &mut Conn| approvals::ask(conn, &actor, *proposal);
            Ok(Settled::Asked(Box::new(app.store.write(ask).await?)))
        }
        done => done.map(Settled::Done),
    }
}
