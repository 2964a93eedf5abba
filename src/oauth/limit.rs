//! How many tokens may be issued in a time: to an application, and for a
//! resource.
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::client_credentials::Issuance;

/// The most of a limit: ten million.
pub const MOST: u32 = 10_000_000;

/// A limit on tokens. At least one of both is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// As a bucket: so many at once, and it fills evenly within a minute.
    pub per_minute: Option<NonZeroU32>,
    /// From midnight to midnight, UTC.
    pub per_day: Option<NonZeroU32>,
    /// Only counts who would be refused.
    pub watched: bool,
}

/// Whose tokens are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// By client id.
    Application(String),
    /// By identifier.
    Resource(String),
}

impl Subject {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Application(_) => "application",
            Self::Resource(_) => "resource",
        }
    }

    /// The client id, or the identifier of the resource.
    pub fn name(&self) -> &str {
        match self {
            Self::Application(name) | Self::Resource(name) => name,
        }
    }
}

/// The limits that a token is within, the application's first. `default` is that
/// of applications which have none of their own.
pub fn applicable(
    client: &Client,
    issuance: &Issuance,
    default: Option<Limit>,
) -> Vec<(Subject, Limit)> {
    let own = client.limit.or(default);
    let own = own.map(|limit| (Subject::Application(client.client_id.clone()), limit));
    let of_resources = client
        .grants
        .iter()
        .filter(|grant| issuance.resources.contains(&grant.resource))
        .filter_map(|grant| Some((Subject::Resource(grant.resource.clone()), grant.limit?)));
    own.into_iter().chain(of_resources).collect()
}
