//! What was held from when until when: the past, asked at a moment.
use std::collections::BTreeMap;

use super::grant::Access;
use crate::oauth::UnixTime;

/// From when until when, and by which acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: UnixTime,
    /// The first moment at which it no longer held; `None`: it still does.
    pub until: Option<UnixTime>,
    /// The id of the event; empty for what was there before this was kept.
    pub begun_by: String,
    pub ended_by: Option<String>,
}

/// What a span of a grant is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Held {
    /// The application may call the API.
    Api,
    /// With every scope it has and gets.
    AllScopes,
    Scope(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSpan {
    pub client_id: String,
    pub resource_id: String,
    pub held: Held,
    pub span: Span,
}

/// That an API had a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeSpan {
    pub resource_id: String,
    pub scope: String,
    pub span: Span,
}

/// That an application was active or suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSpan {
    pub client_id: String,
    pub is_active: bool,
    pub span: Span,
}

/// What one application could ask for at one API at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub client_id: String,
    pub resource_id: String,
    /// Every scope that the API has or gets.
    pub all: bool,
    /// In alphabetical order; with `all`, those that the API had.
    pub scopes: Vec<String>,
    /// Since when it held the newest part of this, and by which act.
    pub since: UnixTime,
    pub begun_by: String,
}

impl Span {
    pub fn holds_at(&self, at: UnixTime) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Holding {
    pub fn holds(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// What the grants of an application at an API are made of.
pub fn parts(access: &Access) -> Vec<Held> {
    match access {
        Access::All => vec![Held::Api, Held::AllScopes],
        Access::Scopes(names) => {
            std::iter::once(Held::Api).chain(names.iter().cloned().map(Held::Scope)).collect()
        }
    }
}

/// Who held what at `at`, by application and API. `offered` are the scopes of
/// the APIs, for who held them all.
pub fn holdings(grants: &[GrantSpan], offered: &[ScopeSpan], at: UnixTime) -> Vec<Holding> {
    let mut found: BTreeMap<(&str, &str), Vec<&GrantSpan>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| grant.span.holds_at(at)) {
        found.entry((&grant.client_id, &grant.resource_id)).or_default().push(grant);
    }
    let holding = |((client_id, resource_id), spans): ((&str, &str), Vec<&GrantSpan>)| {
        spans.iter().find(|grant| grant.held == Held::Api)?;
        let newest = spans.iter().max_by_key(|grant| (grant.span.from, &grant.span.begun_by))?;
        let all = spans.iter().any(|grant| grant.held == Held::AllScopes);
        let mut scopes: Vec<String> = if all {
            let of = offered.iter().filter(|scope| scope.resource_id == resource_id);
            of.filter(|scope| scope.span.holds_at(at)).map(|scope| scope.scope.clone()).collect()
        } else {
            spans.iter().filter_map(|grant| grant.held.scope()).map(str::to_owned).collect()
        };
        scopes.sort_unstable();
        scopes.dedup();
        Some(Holding {
            client_id: client_id.to_owned(),
            resource_id: resource_id.to_owned(),
            all,
            scopes,
            since: newest.span.from,
            begun_by: newest.span.begun_by.clone(),
        })
    };
    found.into_iter().filter_map(holding).collect()
}

impl Held {
    pub fn scope(&self) -> Option<&str> {
        match self {
            Self::Scope(name) => Some(name),
            Self::Api | Self::AllScopes => None,
        }
    }

    /// Its word in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::AllScopes => "all",
            Self::Scope(_) => "scope",
        }
    }

    pub fn parse(kind: &str, scope: &str) -> Option<Self> {
        match kind {
            "api" => Some(Self::Api),
            "all" => Some(Self::AllScopes),
            "scope" => Some(Self::Scope(scope.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, until: Option<i64>) -> Span {
        Span {
            from: UnixTime(from),
            until: until.map(UnixTime),
            begun_by: format!("event-{from}"),
            ended_by: None,
        }
    }

    fn grant(held: Held, from: i64, until: Option<i64>) -> GrantSpan {
        let (client_id, resource_id) = ("m2m_1".to_owned(), "res_1".to_owned());
        GrantSpan { client_id, resource_id, held, span: span(from, until) }
    }

    fn scope(name: &str) -> Held {
        Held::Scope(name.to_owned())
    }

    #[test]
    fn a_span_holds_from_its_first_moment_to_before_its_last() {
        let span = span(10, Some(20));
        let at = |at| span.holds_at(UnixTime(at));
        assert_eq!([9, 10, 19, 20].map(at), [false, true, true, false]);
        assert!(!Span { until: Some(UnixTime(10)), ..span }.holds_at(UnixTime(10)));
    }

    #[test]
    fn what_was_held_is_what_was_begun_and_not_ended() {
        let grants = [
            grant(Held::Api, 10, None),
            grant(scope("read"), 10, Some(30)),
            grant(scope("write"), 20, None),
        ];
        let names = |at| holdings(&grants, &[], UnixTime(at)).into_iter().flat_map(|h| h.scopes);
        assert_eq!(names(5).count(), 0);
        assert_eq!(names(15).collect::<Vec<_>>(), ["read"]);
        assert_eq!(names(25).collect::<Vec<_>>(), ["read", "write"]);
        assert_eq!(names(30).collect::<Vec<_>>(), ["write"]);
        let held = holdings(&grants, &[], UnixTime(25)).remove(0);
        assert_eq!((held.since, held.begun_by.as_str()), (UnixTime(20), "event-20"));
    }

    #[test]
    fn all_scopes_are_those_the_api_had_at_that_moment() {
        let grants = [grant(Held::Api, 10, None), grant(Held::AllScopes, 10, None)];
        let offered = |scope: &str, from, until| ScopeSpan {
            resource_id: "res_1".into(),
            scope: scope.into(),
            span: span(from, until),
        };
        let offered = [offered("old", 1, Some(30)), offered("new", 25, None)];
        let at = |at| holdings(&grants, &offered, UnixTime(at)).remove(0).scopes;
        assert_eq!(at(20), ["old"]);
        assert_eq!(at(27), ["new", "old"]);
        assert_eq!(at(30), ["new"]);
    }

    #[test]
    fn a_scope_without_the_grant_is_nothing() {
        assert!(holdings(&[grant(scope("read"), 10, None)], &[], UnixTime(20)).is_empty());
    }
}
