//! The indexes that this process may give out, in memory. No I/O.
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use crate::model::status_list::{Order, Series, StatusList};
use crate::oauth::UnixTime;
use crate::oauth::access_token::StatusReference;
use crate::oauth::revocation::{Kind, SubjectDigest};
use crate::oauth::time::Seconds;

/// How many indexes are leased at once: few for who issues little, since a
/// restart loses what is left of them, and more when they do not last.
const SMALLEST: u32 = 4_096;
const LARGEST: u32 = 65_536;

/// A lease that was used up sooner was too small.
const LASTS: Seconds = Seconds(30);

/// Who leases for longer is not heard of any more.
const LAPSES: Seconds = Seconds(5);

/// Nothing is leased any more of a list that closes within this time.
pub const CLOSING: Seconds = Seconds(10);

/// Indexes by the series that they are for.
#[derive(Default)]
pub struct Leases {
    pools: HashMap<Series, Pool>,
}

struct Pool {
    subjects: Vec<(Kind, SubjectDigest)>,
    /// The first is used first.
    leases: VecDeque<Lease>,
    /// The size of the last lease, and when it was made.
    last: u32,
    last_at: UnixTime,
    /// Since when somebody is leasing.
    leasing: Option<UnixTime>,
}

/// A part of a list.
pub struct Lease {
    list: StatusList,
    order: Order,
    uri: String,
    rest: Range<u32>,
}

/// What there was to take.
pub struct Taken {
    pub reference: Option<StatusReference>,
    /// Somebody should lease more: this caller, and nobody else until it is
    /// done.
    pub wanted: Option<Wanted>,
}

/// A lease to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub series: Series,
    pub count: u32,
    /// Of a list that was opened then or later: of those before, all is dead.
    pub since: UnixTime,
    /// When the token was issued that it is for.
    pub issued_at: UnixTime,
}

impl Leases {
    /// An index for a token of `series` that is issued at `now`. `not_before`
    /// knows the time before which all tokens of these subjects are dead.
    pub fn take(
        &mut self,
        series: &Series,
        now: UnixTime,
        not_before: impl FnOnce(&[(Kind, SubjectDigest)]) -> i64,
    ) -> Taken {
        if !self.pools.contains_key(series) {
            self.pools.insert(series.clone(), Pool::new(series));
        }
        let Some(pool) = self.pools.get_mut(series) else {
            return Taken { reference: None, wanted: None };
        };
        let dead = not_before(&pool.subjects);
        pool.leases.retain(|lease| lease.is_usable(now, dead));
        let reference = pool.leases.front_mut().and_then(Lease::next);
        let open = now + CLOSING;
        let lasting = pool.leases.iter().filter(|lease| lease.list.closes_at > open);
        let left: usize = lasting.map(|lease| lease.rest.len()).sum();
        let low = left <= usize::try_from(pool.last / 2).unwrap_or(usize::MAX);
        let leasing = pool.leasing.is_some_and(|since| now < since + LAPSES);
        let wanted = (low && !leasing).then(|| {
            pool.leasing = Some(now);
            // A token that is dead at birth may share a list with others such.
            let since = if dead > now.seconds() { i64::MIN } else { dead };
            let since = UnixTime::from_seconds(since);
            Wanted { series: series.clone(), count: pool.next_size(now), since, issued_at: now }
        });
        Taken { reference, wanted }
    }

    /// Ends what [`Leases::take`] asked for.
    pub fn leased(&mut self, wanted: &Wanted, lease: Option<Lease>) {
        let Some(pool) = self.pools.get_mut(&wanted.series) else { return };
        pool.leasing = None;
        if let Some(lease) = lease {
            pool.last = wanted.count;
            pool.last_at = wanted.issued_at;
            pool.leases.push_back(lease);
        }
    }

    /// Forgets what nobody uses any more.
    pub fn forget_closed(&mut self, now: UnixTime) {
        self.pools.retain(|_, pool| {
            pool.leases.retain(|lease| lease.list.closes_at > now);
            let leasing = pool.leasing.is_some_and(|since| now < since + LAPSES);
            leasing || !pool.leases.is_empty()
        });
    }

    /// How many indexes are in memory.
    pub fn left(&self) -> usize {
        self.pools.values().flat_map(|pool| &pool.leases).map(|lease| lease.rest.len()).sum()
    }
}

impl Pool {
    fn new(series: &Series) -> Self {
        Self {
            subjects: series.subjects(),
            leases: VecDeque::new(),
            last: 0,
            last_at: UnixTime(0),
            leasing: None,
        }
    }

    fn next_size(&self, now: UnixTime) -> u32 {
        let lasted = self.last == 0 || now > self.last_at + LASTS;
        let size = if lasted { self.last / 2 } else { self.last.saturating_mul(2) };
        size.clamp(SMALLEST, LARGEST)
    }
}

impl Lease {
    pub fn new(list: StatusList, order: Order, uri: String, sequence: Range<u32>) -> Self {
        Self { list, order, uri, rest: sequence }
    }

    /// Whether a token issued at `now` may have an index of it, if all that
    /// were issued before `dead` are dead: a list that is marked as a whole has
    /// no room for the living.
    fn is_usable(&self, now: UnixTime, dead: i64) -> bool {
        let whole = self.list.opened_at.seconds() < dead && dead <= now.seconds();
        !self.rest.is_empty() && now < self.list.closes_at && !whole
    }

    fn next(&mut self) -> Option<StatusReference> {
        let sequence = self.rest.next()?;
        Some(StatusReference { idx: self.order.index(sequence), uri: self.uri.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::status_list::SIZE;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn none(_: &[(Kind, SubjectDigest)]) -> i64 {
        i64::MIN
    }

    fn series() -> Series {
        Series::new(&["https://a.example".to_owned()], "k1".into(), Seconds(600))
    }

    fn lease(opened_at: UnixTime, sequence: Range<u32>) -> Lease {
        let list = StatusList::open("lst_1".into(), series(), [1; 32], SIZE, opened_at);
        Lease::new(list, Order::new(&[1; 32]), "https://i/lst_1".into(), sequence)
    }

    #[test]
    fn one_caller_leases_while_others_find_nothing() {
        let mut leases = Leases::default();
        let first = leases.take(&series(), NOW, none);
        assert!(first.reference.is_none());
        let wanted = first.wanted.unwrap();
        assert_eq!((wanted.count, wanted.issued_at), (SMALLEST, NOW));
        let second = leases.take(&series(), NOW, none);
        assert!(second.reference.is_none() && second.wanted.is_none());
        leases.leased(&wanted, None);
        assert!(leases.take(&series(), NOW, none).wanted.is_some(), "it failed: the next one");
    }

    #[test]
    fn more_is_leased_when_half_is_used_and_twice_as_much_when_it_went_fast() {
        let mut leases = Leases::default();
        let wanted = leases.take(&series(), NOW, none).wanted.unwrap();
        leases.leased(&wanted, Some(lease(NOW, 0..4_096)));
        for _ in 0..2_047 {
            let taken = leases.take(&series(), NOW, none);
            assert!(taken.reference.is_some() && taken.wanted.is_none());
        }
        let taken = leases.take(&series(), NOW, none);
        assert!(taken.reference.is_some());
        assert_eq!(taken.wanted.unwrap().count, 8_192);
    }

    #[test]
    fn no_index_is_given_twice_and_none_of_a_closed_list() {
        let mut leases = Leases::default();
        let wanted = leases.take(&series(), NOW, none).wanted.unwrap();
        leases.leased(&wanted, Some(lease(NOW, 0..3)));
        let mut given = std::collections::HashSet::new();
        while let Some(reference) = leases.take(&series(), NOW, none).reference {
            assert!(given.insert(reference.idx));
        }
        assert_eq!(given.len(), 3);
        leases.leased(&wanted, Some(lease(NOW, 3..6)));
        assert!(leases.take(&series(), NOW + Seconds(600), none).reference.is_none());
    }

    #[test]
    fn a_list_that_is_about_to_close_is_replaced_before_it_does() {
        let mut leases = Leases::default();
        let wanted = leases.take(&series(), NOW, none).wanted.unwrap();
        leases.leased(&wanted, Some(lease(NOW, 0..4_096)));
        assert!(leases.take(&series(), NOW + Seconds(589), none).wanted.is_none());
        let late = leases.take(&series(), NOW + Seconds(590), none);
        assert!(late.reference.is_some() && late.wanted.is_some());
    }

    #[test]
    fn a_list_that_was_revoked_as_a_whole_has_no_room_for_the_living() {
        let mut leases = Leases::default();
        let wanted = leases.take(&series(), NOW, none).wanted.unwrap();
        leases.leased(&wanted, Some(lease(NOW, 0..4_096)));
        let revoked = |_: &[(Kind, SubjectDigest)]| NOW.seconds() + 1;
        assert!(leases.take(&series(), NOW, revoked).reference.is_some(), "dead at birth");
        let later = leases.take(&series(), NOW + Seconds(1), revoked);
        assert!(later.reference.is_none());
        assert_eq!(later.wanted.unwrap().since, NOW + Seconds(1));
    }
}
