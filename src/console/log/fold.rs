//! Refusals that are alike, told in one row: a service that asks in vain every
//! minute must not push everything else off the page.
use super::query::Query;
use crate::console::moment::{self, Moment};
use crate::model::audit_event::{Event, Outcome};
use crate::oauth::UnixTime;

/// How many rows are read for one of a page, at most.
pub const DEPTH: usize = 4;

/// A row of the page: the newest of those that are alike.
pub struct Fold<'a> {
    pub newest: &'a Event,
    /// With the newest.
    pub count: usize,
    pub oldest: &'a Event,
}

/// What a row says of the others that it stands for.
pub struct Alike {
    pub count: usize,
    pub since: Moment,
    /// The log with each of them.
    pub href: String,
}

/// Who was refused what, and why: the same for all that are alike.
#[derive(PartialEq, Eq)]
struct Key<'a> {
    client_id: Option<&'a str>,
    reason: Option<&'a str>,
    secret: Option<&'a str>,
    address: Option<&'a str>,
    resources: &'a [String],
    scopes: Option<&'a str>,
}

/// Folds events, newest first, into at most `limit` rows. Also how many events
/// those stand for: the next page begins after them.
pub fn fold(events: &[Event], limit: usize) -> (Vec<Fold<'_>>, usize) {
    let mut folds: Vec<Fold<'_>> = Vec::new();
    for (read, event) in events.iter().enumerate() {
        let key = key(event);
        let alike = |fold: &&mut Fold<'_>| key.is_some() && self::key(fold.newest) == key;
        if let Some(fold) = folds.iter_mut().find(alike) {
            fold.count += 1;
            fold.oldest = event;
        } else if folds.len() == limit {
            return (folds, read);
        } else {
            folds.push(Fold { newest: event, count: 1, oldest: event });
        }
    }
    (folds, events.len())
}

/// Of refused token requests alone. What was counted in a flood is folded
/// already.
fn key(event: &Event) -> Option<Key<'_>> {
    let is_refusal = event.category() == "token" && event.outcome == Outcome::Denied;
    let facts = event.token.as_ref().filter(|_| is_refusal && event.flood.is_none())?;
    Some(Key {
        client_id: event.client_id.as_deref(),
        reason: event.reason.as_deref(),
        secret: event.actor.credential_id.as_deref(),
        address: event.source.address.as_deref(),
        resources: &facts.resource,
        scopes: facts.scope_requested.as_deref(),
    })
}

impl Fold<'_> {
    /// Of a view that asks for `query`; `None` when the row stands for itself.
    pub fn alike(&self, query: &Query, now: UnixTime) -> Option<Alike> {
        let at = |event: &Event| UnixTime(event.at);
        (self.count > 1).then(|| Alike {
            count: self.count,
            since: Moment::new(at(self.oldest), now),
            href: self.query(query).href(),
        })
    }

    /// The narrowest view that has each of them.
    fn query(&self, query: &Query) -> Query {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let second = |event: &Event| moment::to_the_second(UnixTime(event.at));
        Query {
            kind: "token".to_owned(),
            outcome: "refused".to_owned(),
            application: text(self.newest.client_id.as_deref()),
            api: text(self.newest.resource().as_deref()),
            secret: text(self.newest.actor.credential_id.as_deref()),
            reason: text(self.newest.reason.as_deref()),
            period: "custom".to_owned(),
            from: second(self.oldest),
            to: second(self.newest),
            each: "1".to_owned(),
            scope: query.scope.clone(),
            ..Query::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{FloodFacts, Mark, TokenFacts};

    fn refused(at: i64, client_id: &str, scope: &str) -> Event {
        let mark = Mark { id: format!("{at:026}"), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(at), "token.denied", Outcome::Denied);
        event.client_id = Some(client_id.to_owned());
        event.reason = Some("scope_not_granted".into());
        event.token =
            Some(TokenFacts { scope_requested: Some(scope.to_owned()), ..TokenFacts::default() });
        event
    }

    fn counts(events: &[Event], limit: usize) -> (Vec<usize>, usize) {
        let (folds, read) = fold(events, limit);
        (folds.iter().map(|fold| fold.count).collect(), read)
    }

    #[test]
    fn refusals_that_are_alike_are_one_row_where_the_newest_stands() {
        let events = [
            refused(9, "a", "x"),
            refused(8, "b", "x"),
            refused(7, "a", "x"),
            refused(6, "a", "x"),
        ];
        assert_eq!(counts(&events, 50), (vec![3, 1], 4));
        let (folds, _) = fold(&events, 50);
        assert_eq!((folds[0].newest.at, folds[0].oldest.at), (9, 6));
    }

    #[test]
    fn what_differs_in_anything_that_matters_has_a_row_of_its_own() {
        let mut elsewhere = refused(7, "a", "x");
        elsewhere.source.address = Some("10.0.0.9".to_owned());
        let mut because = refused(6, "a", "x");
        because.reason = Some("resource_not_granted".into());
        let mut presented = refused(5, "a", "x");
        presented.actor.credential_id = Some("sec_1".to_owned());
        let events = [refused(9, "a", "x"), refused(8, "a", "y"), elsewhere, because, presented];
        assert_eq!(counts(&events, 50), (vec![1; 5], 5));
    }

    #[test]
    fn what_was_issued_and_what_was_counted_in_a_flood_is_never_folded() {
        let mut issued = refused(9, "a", "x");
        issued.outcome = Outcome::Success;
        let mut flood = refused(8, "a", "x");
        flood.flood = Some(FloodFacts { count: 80, first_at: 0, last_at: 1, samples: Vec::new() });
        let events = [issued.clone(), issued, flood.clone(), flood];
        assert_eq!(counts(&events, 50), (vec![1; 4], 4));
    }

    #[test]
    fn a_full_page_ends_before_the_first_that_needs_another_row() {
        let events = [
            refused(9, "a", "x"),
            refused(8, "b", "x"),
            refused(7, "a", "x"),
            refused(6, "c", "x"),
        ];
        assert_eq!(counts(&events, 2), (vec![2, 1], 3));
    }
}
