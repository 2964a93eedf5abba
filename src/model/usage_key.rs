//! What is counted of use, and by what keys.
use hashbrown::Equivalent;

/// Requests that are alike within an hour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey {
    pub hour: i64,
    /// Empty: none that exists.
    pub client_id: String,
    /// Empty: none was reached.
    pub resource: String,
    /// Empty: no secret of the client was presented.
    pub secret_id: String,
    /// Empty: unknown, or one of too many.
    pub address: String,
    /// Empty: a token was issued.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub count: i64,
    /// Microseconds since 1970.
    pub last_at: i64,
}

/// A scope within a day; the empty one counts the requests themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeKey {
    pub day: i64,
    pub client_id: String,
    pub resource: String,
    pub scope: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeUse {
    pub granted: i64,
    pub refused: i64,
    /// Microseconds since 1970.
    pub last_at: i64,
}

/// Everybody's requests within an hour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrafficKey {
    pub hour: i64,
    pub resource: String,
    pub reason: String,
}

/// [`RequestKey`] without its own texts, for looking it up.
#[derive(Clone, Copy, Hash)]
pub struct RequestRef<'t> {
    pub hour: i64,
    pub client_id: &'t str,
    pub resource: &'t str,
    pub secret_id: &'t str,
    pub address: &'t str,
    pub reason: &'t str,
}

/// [`ScopeKey`] without its own texts.
#[derive(Clone, Copy, Hash)]
pub struct ScopeRef<'t> {
    pub day: i64,
    pub client_id: &'t str,
    pub resource: &'t str,
    pub scope: &'t str,
}

impl Equivalent<RequestKey> for RequestRef<'_> {
    fn equivalent(&self, key: &RequestKey) -> bool {
        self.hour == key.hour
            && self.client_id == key.client_id
            && self.resource == key.resource
            && self.secret_id == key.secret_id
            && self.address == key.address
            && self.reason == key.reason
    }
}

impl Equivalent<ScopeKey> for ScopeRef<'_> {
    fn equivalent(&self, key: &ScopeKey) -> bool {
        self.day == key.day
            && self.client_id == key.client_id
            && self.resource == key.resource
            && self.scope == key.scope
    }
}

impl From<&RequestRef<'_>> for RequestKey {
    fn from(key: &RequestRef<'_>) -> Self {
        Self {
            hour: key.hour,
            client_id: key.client_id.to_owned(),
            resource: key.resource.to_owned(),
            secret_id: key.secret_id.to_owned(),
            address: key.address.to_owned(),
            reason: key.reason.to_owned(),
        }
    }
}

impl From<&ScopeRef<'_>> for ScopeKey {
    fn from(key: &ScopeRef<'_>) -> Self {
        Self {
            day: key.day,
            client_id: key.client_id.to_owned(),
            resource: key.resource.to_owned(),
            scope: key.scope.to_owned(),
        }
    }
}
