//! Whether a token is good: the one place that says so. Introspection, the
//! gate, `/whoami` and the console's decoder all ask here.
//!
//! That a signature is ours is remembered; everything that can change is
//! looked at each time, in memory.
use std::sync::Arc;

use crate::oauth::access_token::Verified;
use crate::oauth::revocation::Kind;
use crate::revocations::Stale;
use crate::store;
use crate::web::App;

/// It cannot be known now.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Not signed by a published key of ours as an access token, or of another
    /// issuer.
    NotOurs,
    Expired,
    Revoked(Kind),
    /// Its application is suspended or deleted.
    ClientInactive,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::Expired => "expired",
            Self::Revoked(_) => "revoked",
            Self::ClientInactive => "client_inactive",
        }
    }
}

/// The token, when it is in force; why not, when it is not. Says nothing of
/// audience or scope.
///
/// # Errors
/// It cannot be known: the client cannot be read, or revocations have not been
/// for too long.
pub async fn accept(app: &App, token: &str) -> Result<Result<Arc<Verified>, Cause>, Unknown> {
    let Some(token) = app.keys.verify(token) else { return Ok(Err(Cause::NotOurs)) };
    let claims = &token.claims;
    if claims.iss != app.config.issuer.url || claims.client_id.is_empty() {
        return Ok(Err(Cause::NotOurs));
    }
    // Without leeway: our own clock wrote it, RFC 9068 §4.
    if claims.exp <= app.clock.now().seconds() {
        return Ok(Err(Cause::Expired));
    }
    if let Some(kind) = app.revocations.covers(&token)? {
        return Ok(Err(Cause::Revoked(kind)));
    }
    let client = app.directory.find(&claims.client_id).await?;
    if client.is_none_or(|client| !client.active) {
        return Ok(Err(Cause::ClientInactive));
    }
    Ok(Ok(token))
}
