//! Status lists as they are kept: which tokens share one, how long it is open,
//! and in which order its indexes are given out.
use aws_lc_rs::digest;

use crate::oauth::UnixTime;
use crate::oauth::revocation::{Kind, SubjectDigest};
use crate::oauth::time::Seconds;

/// How many indexes a list has.
pub const SIZE: u32 = 1 << 20;

/// Tokens that may share a list. They have one audience and one key, so that to
/// revoke an API, a key or everything is to mark whole lists; and they live
/// about equally long, so that a list is not kept for one straggler.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// The identifiers of the resources, sorted, separated by spaces.
    pub resources: String,
    pub kid: String,
    /// None of its tokens lives longer.
    pub longest: Seconds,
}

/// A list. Its statuses are kept nowhere: they follow from the revocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// `lst_` and a ULID.
    pub id: String,
    pub series: Series,
    /// The order of its indexes. Whoever knows it can tell how many tokens were
    /// issued before a given one.
    pub seed: [u8; 32],
    /// How many indexes are given out before it is full.
    pub capacity: u32,
    /// No token that names it has an earlier `iat`, by the second.
    pub opened_at: UnixTime,
    /// From then on no token gets an index of it.
    pub closes_at: UnixTime,
    /// Its last token has expired.
    pub expires_at: UnixTime,
}

/// What the clocks of issuer and verifiers may differ by.
const SKEW: Seconds = Seconds(60);

impl Series {
    const CLASSES: [Seconds; 3] = [Seconds(600), Seconds(3_600), Seconds(86_400)];

    /// Of a token for `resources` that `kid` signs and that lives for
    /// `lifetime`.
    pub fn new(resources: &[String], kid: String, lifetime: Seconds) -> Self {
        let mut resources: Vec<&str> = resources.iter().map(String::as_str).collect();
        resources.sort_unstable();
        let longest = Self::CLASSES.into_iter().find(|class| *class >= lifetime);
        Self { resources: resources.join(" "), kid, longest: longest.unwrap_or(lifetime) }
    }

    /// What all its tokens can be revoked by at once.
    pub fn subjects(&self) -> Vec<(Kind, SubjectDigest)> {
        let named = [(Kind::Everything, ""), (Kind::Key, self.kid.as_str())];
        let resources = self.resources.split(' ').map(|uri| (Kind::Resource, uri));
        let digest = |(kind, subject)| (kind, SubjectDigest::new(kind, subject));
        named.into_iter().chain(resources).map(digest).collect()
    }
}

impl StatusList {
    /// Open for as long as its tokens live at most: then it is needed twice as
    /// long as one of them, and no list is forever.
    pub fn open(id: String, series: Series, seed: [u8; 32], capacity: u32, now: UnixTime) -> Self {
        let closes_at = now + series.longest;
        let expires_at = closes_at + series.longest + SKEW;
        Self { id, series, seed, capacity, opened_at: now, closes_at, expires_at }
    }
}

/// The order in which a list's indexes are given out: a permutation of
/// `0..SIZE` that looks random to who does not know the seed (§12.4 and §12.5
/// of the draft: an index says nothing of when its token was issued, nor of how
/// many there are).
///
/// A Feistel network on ten and ten bits. Its round functions are tables that
/// are filled from the seed once, so an index costs a few look-ups, and nobody
/// has to remember which are taken.
pub struct Order {
    rounds: Vec<u16>,
}

const HALF: u32 = 1 << 10;
const LOW: u32 = HALF - 1;
const ROUNDS: u32 = 8;

impl Order {
    pub fn new(seed: &[u8; 32]) -> Self {
        let wanted = usize::try_from(ROUNDS * HALF).unwrap_or_default();
        let mut rounds = Vec::with_capacity(wanted);
        for block in 0_u32.. {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(b"status list order v1");
            context.update(seed);
            context.update(&block.to_be_bytes());
            let hash = context.finish();
            let (pairs, _) = hash.as_ref().as_chunks::<2>();
            rounds.extend(pairs.iter().map(|pair| u16::from_be_bytes(*pair)));
            if rounds.len() >= wanted {
                break;
            }
        }
        Self { rounds }
    }

    /// The index that is given out after `sequence` others; no two are the same
    /// below [`SIZE`].
    pub fn index(&self, sequence: u32) -> u32 {
        let (mut left, mut right) = ((sequence / HALF) & LOW, sequence & LOW);
        for round in 0..ROUNDS {
            let place = usize::try_from(round * HALF + right).unwrap_or_default();
            let mixed = self.rounds.get(place).copied().map_or(0, u32::from) & LOW;
            (left, right) = (right, left ^ mixed);
        }
        left * HALF + right
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn every_index_is_given_out_once_whatever_the_seed(seed: [u8; 32]) {
            let order = Order::new(&seed);
            let mut taken = vec![false; SIZE as usize];
            for sequence in 0..SIZE {
                let index = order.index(sequence) as usize;
                prop_assert!(!std::mem::replace(&mut taken[index], true), "{}", index);
            }
        }
    }

    /// A good shuffle moves half the bits on average, here within one in five.
    #[test]
    fn neighbours_are_given_far_apart_and_other_seeds_give_others() {
        let (one, other) = (Order::new(&[1; 32]), Order::new(&[2; 32]));
        let moved: u32 = (0..1_000).map(|i| (one.index(i) ^ one.index(i + 1)).count_ones()).sum();
        assert!((8_000..12_000).contains(&moved), "{moved}");
        let same = (0..1_000).filter(|i| one.index(*i) == other.index(*i)).count();
        assert!(same < 5, "{same}");
    }

    #[test]
    fn tokens_share_a_list_by_audience_in_any_order_key_and_class_of_lifetime() {
        let series = |resources: &[&str], lifetime| {
            let resources: Vec<String> = resources.iter().map(|r| (*r).to_owned()).collect();
            Series::new(&resources, "k1".into(), Seconds(lifetime))
        };
        assert_eq!(series(&["b", "a"], 30), series(&["a", "b"], 600));
        assert_ne!(series(&["a"], 600), series(&["a", "b"], 600));
        assert_eq!(series(&["a"], 601).longest, Seconds(3_600));
        assert_eq!(series(&["a"], 86_400).longest, Seconds::DAY);

        let list = StatusList::open("lst_1".into(), series(&["a"], 30), [0; 32], SIZE, UnixTime(0));
        assert_eq!(list.closes_at.seconds(), 600);
        assert!(list.expires_at > list.closes_at + list.series.longest);
    }
}
