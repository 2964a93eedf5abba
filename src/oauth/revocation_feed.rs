//! What verifiers are told of revocations: a signed statement, by polling or
//! as a server-sent event.
use serde::{Deserialize, Serialize};

/// The `typ` of its header.
pub const TYPE: &str = "revocations+jwt";

/// The media type of a statement.
pub const MEDIA_TYPE: &str = "application/revocations+jwt";

/// The most entries in one statement.
pub const MOST: usize = 10_000;

/// Everything that was revoked after `since` and up to `position`. A verifier
/// that holds all up to `since` holds all up to `position` afterwards, as of
/// `iat`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Statement {
    pub iss: String,
    /// `NumericDate`: when it was true.
    pub iat: i64,
    pub since: i64,
    pub position: i64,
    /// There is more after `position`: ask again at once.
    pub more: bool,
    pub revocations: Vec<Entry>,
}

/// Tokens of `subject` with an `iat` before `not_before` are dead.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Entry {
    /// A [`super::revocation::SubjectDigest`] in base64url.
    pub subject: String,
    /// `NumericDate`.
    pub not_before: i64,
    /// `NumericDate`: the entry may be forgotten afterwards.
    pub exp: i64,
}
