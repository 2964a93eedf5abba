//! Grants that many clients hold alike, each kept once: of a fleet every device
//! may ask for the same.
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::oauth::client::Grant;

/// The least that is kept before it is looked what nobody holds any more.
const LEAST: usize = 1_024;

#[derive(Default)]
pub struct Shared(Mutex<Known>);

#[derive(Default)]
struct Known {
    grants: HashSet<Arc<[Grant]>>,
    /// How many there may be until the next look.
    most: usize,
}

impl Shared {
    /// `grants`, or the same that somebody else holds.
    pub fn share(&self, grants: Arc<[Grant]>) -> Arc<[Grant]> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.grants.get(&grants) {
            return found.clone();
        }
        if known.grants.len() >= known.most.max(LEAST) {
            known.grants.retain(|grants| Arc::strong_count(grants) > 1);
            known.most = 2 * known.grants.len();
        }
        known.grants.insert(grants.clone());
        grants
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::algorithm::Algorithm;
    use crate::oauth::scope::ScopeSet;
    use crate::oauth::time::Seconds;

    fn grants(resource: &str) -> Arc<[Grant]> {
        [Grant {
            resource: resource.to_owned(),
            scopes: ScopeSet::parse("a").unwrap(),
            token_lifetime: Seconds(60),
            algorithm: Algorithm::Es256,
            status_lists: false,
        }]
        .into()
    }

    #[test]
    fn the_same_grants_are_kept_once_and_forgotten_with_who_held_them() {
        let shared = Shared::default();
        let one = shared.share(grants("urn:a"));
        assert!(Arc::ptr_eq(&one, &shared.share(grants("urn:a"))));
        assert!(!Arc::ptr_eq(&one, &shared.share(grants("urn:b"))));
        for number in 0..3 * LEAST {
            shared.share(grants(&format!("urn:{number}")));
        }
        assert!(shared.0.lock().unwrap().grants.len() <= LEAST + 1);
        assert!(Arc::ptr_eq(&one, &shared.share(grants("urn:a"))));
    }
}
