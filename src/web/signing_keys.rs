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
/// * `Hsm`: the PKCS#11 token cannot be used, or a key is not in it.
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
        store.write_blocking(|conn| acts::advance(conn, actor, policy)).map_err(told)?;
        let before = std::mem::replace(&mut stored, store.read_blocking(signing_keys::all)?);
        log_changes(&before, &stored);
        changed = true;
    }
    for made in missing(&stored, &wanted(algorithms)) {
        match ring.make(made, actor.now) {
            Ok(key) => publish(store, ring, &key, actor)?,
            // One API that asks for what the token has not must not stop the rest.
            Err(error @ Error::NotInHsm(_)) => {
                tracing::error!(%error, "signing_key.not_made");
                continue;
            }
            Err(error) => return Err(error),
        }
        changed = true;
    }
    if changed {
        stored = store.read_blocking(signing_keys::all)?;
        ring.load(&stored)?;
    }
    ring.confirm(actor.now);
    ring.forget(&stored);
    Ok(stored)
}

fn log_changes(before: &[SigningKey], after: &[SigningKey]) {
    for key in after {
        let was = before.iter().find(|known| known.kid == key.kid).map(|known| known.state);
        if let Some(was) = was.filter(|was| *was != key.state) {
            let (from, to, alg) = (was.as_str(), key.state.as_str(), key.algorithm);
            tracing::info!(kid = key.kid, %alg, from, to, "signing_key.changed");
        }
    }
}

/// What signs: each algorithm of an API, and the default, for tokens; one for
/// what is said of them, and one for what the log is said to contain.
fn wanted(mut algorithms: Vec<Algorithm>) -> Vec<(Purpose, Algorithm)> {
    algorithms.push(Algorithm::default());
    algorithms.sort_unstable();
    algorithms.dedup();
    let of_tokens = algorithms.into_iter().map(|algorithm| (Purpose::AccessTokens, algorithm));
    let others = [
        (Purpose::TokenStatus, crate::keys::ring::STATUS_ALGORITHM),
        (Purpose::Checkpoints, crate::keys::ring::CHECKPOINT_ALGORITHM),
    ];
    of_tokens.chain(others).collect()
}

fn publish(store: &Store, ring: &KeyRing, key: &SigningKey, actor: &Actor) -> Result<(), Error> {
    match store.write_blocking(|conn| acts::publish(conn, actor, key)) {
        Ok(()) => {
            let (alg, state) = (key.algorithm, key.state.as_str());
            tracing::info!(kid = key.kid, %alg, state, "signing_key.published");
            Ok(())
        }
        // Another process was first; its key is the one.
        Err(admin::Error::Store(store::Error::Conflict(_))) => {
            ring.discard(key);
            Ok(())
        }
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
