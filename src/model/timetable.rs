//! When signing keys change, as a function of what there is and what time it
//! is.
//!
//! Of each purpose and algorithm one key signs and one stands by, published:
//! a key never signs before every verifier had time to fetch it, and one that
//! must go at once has a successor that they know.
use super::signing_key::{Purpose, SigningKey, State};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::time::Seconds;

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A key is published for this long before it signs.
    pub lead: Seconds,
    /// A key signs for this long; `None`: until somebody rotates it.
    pub period: Option<Seconds>,
}

/// For how long a retired key stays published: until the longest token has
/// expired that a process signed with it that had not heard of the change.
pub const RETENTION: Seconds = Seconds(86_400 + UNAWARE.0 + 60);

/// For how long a process signs without having looked whether its keys are
/// still the ones.
pub const UNAWARE: Seconds = Seconds(600);

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `next` begins to sign; `current`, if there is one, is retired.
    Promote { next: String, current: Option<String> },
    /// A retired key is published no more.
    Remove { kid: String },
}

/// The steps that are due at `now`, at most one for a key.
pub fn due(keys: &[SigningKey], policy: Policy, now: UnixTime) -> Vec<Step> {
    let promotions = keys.iter().filter(|key| key.state == State::Next).filter_map(|next| {
        let current = of(keys, next.purpose, next.algorithm, State::Current);
        let is_due = match current {
            // Whoever was to sign is gone: the one that stands by is known.
            None => true,
            Some(current) => ends_at(current, policy)
                .is_some_and(|end| end <= now && safe_from(next, policy) <= now),
        };
        is_due.then(|| promotion(next, current))
    });
    let removals = keys.iter().filter_map(|key| {
        let over = removed_at(key).is_some_and(|time| time <= now);
        over.then(|| Step::Remove { kid: key.kid.clone() })
    });
    promotions.chain(removals).collect()
}

/// The keys to be made, of those `wanted`: one that signs when there is none
/// at all, and one that stands by.
pub fn missing(
    keys: &[SigningKey],
    wanted: &[(Purpose, Algorithm)],
) -> Vec<(Purpose, Algorithm, State)> {
    wanted
        .iter()
        .flat_map(|(purpose, algorithm)| {
            let lacks = |state| of(keys, *purpose, *algorithm, state).is_none();
            let made = |state| (*purpose, *algorithm, state);
            let (current, next) = (lacks(State::Current), lacks(State::Next));
            let first = (current && next).then(|| made(State::Current));
            first.into_iter().chain(next.then(|| made(State::Next)))
        })
        .collect()
}

/// The step of a rotation by hand.
///
/// # Errors
/// `NoNext`: nothing stands by yet. `TooSoon`: verifiers may not know it yet.
pub fn rotation(
    keys: &[SigningKey],
    (purpose, algorithm): (Purpose, Algorithm),
    policy: Policy,
    now: UnixTime,
) -> Result<Step, NotYet> {
    let next = of(keys, purpose, algorithm, State::Next).ok_or(NotYet::NoNext)?;
    let safe = safe_from(next, policy);
    if safe > now {
        return Err(NotYet::TooSoon(safe));
    }
    Ok(promotion(next, of(keys, purpose, algorithm, State::Current)))
}

/// Why a key cannot be rotated now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {
    NoNext,
    /// It can be from then on.
    TooSoon(UnixTime),
}

/// When `next` has been published for long enough.
pub fn safe_from(next: &SigningKey, policy: Policy) -> UnixTime {
    next.created_at + policy.lead
}

/// When a current key has signed for as long as it is to.
pub fn ends_at(current: &SigningKey, policy: Policy) -> Option<UnixTime> {
    if !current.purpose.rotates_by_itself() {
        return None;
    }
    Some(current.current_from? + policy.period?)
}

/// When a retired key is published no more.
pub fn removed_at(key: &SigningKey) -> Option<UnixTime> {
    (key.state == State::Retired).then(|| key.ended_at.map(|end| end + RETENTION)).flatten()
}

/// The key of this purpose, algorithm and state; there is one of each at most
/// that is current or next.
pub fn of(
    keys: &[SigningKey],
    purpose: Purpose,
    algorithm: Algorithm,
    state: State,
) -> Option<&SigningKey> {
    keys.iter().find(|key| (key.purpose, key.algorithm, key.state) == (purpose, algorithm, state))
}

fn promotion(next: &SigningKey, current: Option<&SigningKey>) -> Step {
    Step::Promote { next: next.kid.clone(), current: current.map(|key| key.kid.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: (Purpose, Algorithm) = (Purpose::AccessTokens, Algorithm::Es256);
    const POLICY: Policy = Policy { lead: Seconds::DAY, period: Some(Seconds::days(90)) };

    fn key(number: usize, state: State, now: UnixTime) -> SigningKey {
        SigningKey {
            kid: format!("k{number}"),
            algorithm: TOKENS.1,
            purpose: TOKENS.0,
            state,
            public_jwk: String::new(),
            sealed_private_key: Vec::new(),
            created_at: now,
            current_from: (state == State::Current).then_some(now),
            ended_at: None,
        }
    }

    /// What the server does with the steps.
    fn take(keys: &mut [SigningKey], step: &Step, now: UnixTime) {
        let mut set = |kid: &str, change: &dyn Fn(&mut SigningKey)| {
            change(keys.iter_mut().find(|key| key.kid == kid).unwrap());
        };
        match step {
            Step::Promote { next, current } => {
                if let Some(current) = current {
                    set(current, &|key| {
                        key.state = State::Retired;
                        key.ended_at = Some(now);
                    });
                }
                set(next, &|key| {
                    key.state = State::Current;
                    key.current_from = Some(now);
                });
            }
            Step::Remove { kid } => set(kid, &|key| key.state = State::Removed),
        }
    }

    fn make_missing(keys: &mut Vec<SigningKey>, now: UnixTime) {
        for (_, _, state) in missing(keys, &[TOKENS]) {
            keys.push(key(keys.len(), state, now));
        }
    }

    #[test]
    fn through_a_year_no_key_signs_unknown_and_none_goes_while_its_tokens_live() {
        let start = UnixTime::from_seconds(1_700_000_000);
        let mut keys = Vec::new();
        let mut last_signed: Vec<(String, UnixTime)> = Vec::new();
        for hour in 0..(366 * 24) {
            let now = start + Seconds(hour * 3_600);
            for step in due(&keys, POLICY, now) {
                take(&mut keys, &step, now);
            }
            make_missing(&mut keys, now);

            let current = of(&keys, TOKENS.0, TOKENS.1, State::Current).unwrap();
            assert!(of(&keys, TOKENS.0, TOKENS.1, State::Next).is_some(), "one stands by");
            assert!(current.kid == "k0" || current.created_at + POLICY.lead <= now);
            last_signed.retain(|(kid, _)| *kid != current.kid);
            last_signed.push((current.kid.clone(), now));
            for (kid, signed) in &last_signed {
                let key = keys.iter().find(|key| key.kid == *kid).unwrap();
                let living = *signed + Seconds::DAY > now;
                assert!(!living || key.state.is_published(), "{kid} at hour {hour}");
            }
        }
        assert_eq!(last_signed.len(), 5, "rotated four times");
        assert_eq!(keys.iter().filter(|key| key.state == State::Removed).count(), 4);
    }

    #[test]
    fn by_hand_a_key_is_rotated_once_the_next_is_known_and_not_before() {
        let now = UnixTime::from_seconds(1_000_000);
        let mut keys = vec![key(0, State::Current, now)];
        assert_eq!(rotation(&keys, TOKENS, POLICY, now), Err(NotYet::NoNext));
        keys.push(key(1, State::Next, now));
        let safe = now + Seconds::DAY;
        let almost = safe - Seconds(1);
        assert_eq!(rotation(&keys, TOKENS, POLICY, almost), Err(NotYet::TooSoon(safe)));
        let step = rotation(&keys, TOKENS, POLICY, safe).unwrap();
        assert_eq!(step, Step::Promote { next: "k1".into(), current: Some("k0".into()) });
        assert!(due(&keys, POLICY, safe).is_empty(), "the period is not over");
    }

    #[test]
    fn without_a_current_key_the_one_that_stands_by_signs_at_once() {
        let now = UnixTime::from_seconds(1_000_000);
        let mut keys = vec![key(0, State::Revoked, now), key(1, State::Next, now)];
        let steps = due(&keys, POLICY, now);
        assert_eq!(steps, [Step::Promote { next: "k1".into(), current: None }]);
        take(&mut keys, &steps[0], now);
        let wanted = (TOKENS.0, TOKENS.1, State::Next);
        assert_eq!(missing(&keys, &[TOKENS]), [wanted]);
        assert_eq!(missing(&[], &[TOKENS]), [(TOKENS.0, TOKENS.1, State::Current), wanted]);
    }

    /// Whoever verifies checkpoints was given the key by hand.
    #[test]
    fn a_key_for_checkpoints_changes_by_hand_only() {
        let now = UnixTime::from_seconds(1_000_000);
        let of_checkpoints = |key: SigningKey| SigningKey { purpose: Purpose::Checkpoints, ..key };
        let keys = [key(0, State::Current, now), key(1, State::Next, now)].map(of_checkpoints);
        let later = now + Seconds::days(10_000);
        assert!(due(&keys, POLICY, later).is_empty());
        let pair = (Purpose::Checkpoints, TOKENS.1);
        assert!(rotation(&keys, pair, POLICY, later).is_ok());
    }

    #[test]
    fn without_a_period_nothing_changes_by_itself() {
        let now = UnixTime::from_seconds(1_000_000);
        let keys = [key(0, State::Current, now), key(1, State::Next, now)];
        let policy = Policy { period: None, ..POLICY };
        assert!(due(&keys, policy, now + Seconds::days(10_000)).is_empty());
    }
}
