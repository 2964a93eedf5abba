//! The client, as one request sees it. A million of them are kept in memory.
use std::sync::Arc;

use super::algorithm::Algorithm;
use super::client_secret::Digest;
use super::scope::ScopeSet;
use super::time::{Seconds, UnixTime};

/// An application, and all that the token endpoint needs to know of it.
#[derive(Clone, Debug)]
pub struct Client {
    pub client_id: String,
    pub active: bool,
    /// Instead of the resource's own, when set.
    pub token_lifetime: Option<Seconds>,
    /// The ones in force and those that were: a retired one is still told
    /// apart from a wrong one in the audit log.
    pub secrets: Box<[Secret]>,
    /// Shared with the other clients that hold the same.
    pub grants: Arc<[Grant]>,
    /// Whose tokens it may introspect.
    pub introspects: Introspects,
}

/// The tokens that a client may introspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspects {
    Any,
    /// Those for these resources.
    For(Vec<String>),
}

/// One secret of a client. The value itself is kept nowhere.
#[derive(Clone, Debug)]
pub struct Secret {
    pub id: String,
    pub digest: Digest,
    pub expires_at: Option<UnixTime>,
    pub revoked: bool,
}

/// What may be asked for at one resource, RFC 8707.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    pub resource: String,
    pub scopes: ScopeSet,
    pub token_lifetime: Seconds,
    pub algorithm: Algorithm,
    /// Whether its tokens name a status list.
    pub status_lists: bool,
}
