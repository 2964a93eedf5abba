//! Keeps the keys in memory, the stored ones and the timetable in step.
use crate::admin::{self, Actor, signing_keys as acts};
use crate::keys::{Error, KeyRing};
use crate::model::signing_key::{Purpose, SigningKey};
use crate::model::timetable::{Policy, due, missing};
use crate::oauth::algorithm::Algorithm;
use crate::store::{self, Store, resources, signing_keys};

/// Takes the steps that are due, makes the keys that are missing, and takes all
/// into memory. Returns them all. Blocks; an RSA key takes up to seconds.
///
/// # Errors
/// * `Sealed`: the master key is another. Nothing was changed.
/// * `Store`: the database is not available.
pub fn reconcile(
    store: &Store,
    ring: &KeyRing,
    actor: &Actor,
    policy: Policy,
) -> Result<Vec<SigningKey>, Error> {
    let (mut stored, algorithms) = store.read_blocking(|conn| -> Result<_, Error> {
        Ok((signing_keys::all(conn)?, resources::algorithms(conn)?))
    })?;
    // Opened first: with the wrong master key nothing may be added.
    ring.load(&stored)?;
    let mut changed = false;
    if !due(&stored, policy, actor.now).is_empty() {
        let taken =
            store.write_blocking(|conn| acts::advance(conn, actor, policy)).map_err(told)?;
        tracing::info!(steps = taken, "signing_keys.advanced");
        stored = store.read_blocking(signing_keys::all)?;
        changed = true;
    }
    for made in missing(&stored, &wanted(algorithms)) {
        publish(store, &ring.make(made, actor.now)?, actor)?;
        changed = true;
    }
    if changed {
        stored = store.read_blocking(signing_keys::all)?;
        ring.load(&stored)?;
    }
    ring.confirm(actor.now);
    Ok(stored)
}

/// What signs: each algorithm of an API, and the default, for tokens; one for
/// what is said of them.
fn wanted(mut algorithms: Vec<Algorithm>) -> Vec<(Purpose, Algorithm)> {
    algorithms.push(Algorithm::default());
    algorithms.sort_unstable();
    algorithms.dedup();
    let of_tokens = algorithms.into_iter().map(|algorithm| (Purpose::AccessTokens, algorithm));
    of_tokens.chain([(Purpose::TokenStatus, crate::keys::ring::STATUS_ALGORITHM)]).collect()
}

fn publish(store: &Store, key: &SigningKey, actor: &Actor) -> Result<(), Error> {
    match store.write_blocking(|conn| acts::publish(conn, actor, key)) {
        Ok(()) => {
            let (alg, state) = (key.algorithm, key.state.as_str());
            tracing::info!(kid = key.kid, %alg, state, "signing_key.published");
            Ok(())
        }
        // Another process was first; its key is the one.
        Err(admin::Error::Store(store::Error::Conflict(_))) => Ok(()),
        Err(error) => Err(told(error)),
    }
}

fn told(error: admin::Error) -> Error {
    match error {
        admin::Error::Store(error) => error.into(),
        // What another process did in between: the next look sees it.
        other => store::Error::Unavailable(other.to_string()).into(),
    }
}
