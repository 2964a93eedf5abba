//! Sessions of the console: on the server, found by a random key in a cookie.
use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;

use crate::config::Config;
use crate::host::{Clock, Entropy};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::sessions::{self, NewSession};
use crate::store::{self, Store};

pub use crate::model::session::{
    ADDRESS, ADMINISTRATOR, CANDIDATE, CANDIDATE_SINCE, CONFIRMED_AT, DRAFT, ID, NEXT,
    SECOND_FACTOR, SIGNED_IN_AT, THROUGH, USER_AGENT,
};

/// One message for the next page.
pub const NOTICE: &str = "notice";

/// Keeps sessions in the database.
pub struct Sessions {
    store: Store,
    clock: Clock,
    entropy: Entropy,
}

/// The middleware that loads and saves them. The cookie is `__Host-` where it
/// travels over TLS.
pub fn middleware(
    config: &Config,
    store: Store,
    clock: Clock,
    entropy: Entropy,
    cookie_key: &[u8; 64],
) -> SessionMiddleware<Sessions> {
    let secure = config.issuer.is_https;
    let name = if secure { "__Host-countersign" } else { "countersign" };
    let idle = Duration::minutes(config.session_idle_minutes);
    SessionMiddleware::builder(Sessions { store, clock, entropy }, Key::from(cookie_key))
        .cookie_name(name.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(idle)
                .session_ttl_extension_policy(TtlExtensionPolicy::OnEveryRequest),
        )
        .build()
}

type State = HashMap<String, String>;

impl Sessions {
    fn expires_at(&self, ttl: &Duration) -> UnixTime {
        self.clock.now() + Seconds(ttl.whole_seconds())
    }

    /// 256 random bits: what is in the cookie.
    fn new_key(&self) -> Result<SessionKey, anyhow::Error> {
        Ok(URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>()).try_into()?)
    }
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (digest, now) = (digest_of(key), self.clock.now());
        let found = self
            .store
            .read(move |conn| sessions::find(conn, &digest, now))
            .await
            .map_err(|error| LoadError::Other(error.into()))?;
        found
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = self.new_key().map_err(SaveError::Other)?;
        let (digest, now, expires_at) = (digest_of(&key), self.clock.now(), self.expires_at(ttl));
        let text = serde_json::to_string(&state)
            .map_err(|error| SaveError::Serialization(error.into()))?;
        let administrator = administrator_of(&state);
        self.store
            .write(move |conn| {
                let session = NewSession {
                    key_digest: &digest,
                    state: &text,
                    administrator_id: administrator.as_deref(),
                    created_at: now,
                    expires_at,
                };
                sessions::insert(conn, &session)
            })
            .await
            .map_err(|error: store::Error| SaveError::Other(error.into()))?;
        Ok(key)
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (digest, expires_at) = (digest_of(&key), self.expires_at(ttl));
        let text = serde_json::to_string(&state)
            .map_err(|error| UpdateError::Serialization(error.into()))?;
        let updated = self
            .store
            .write(move |conn| sessions::update(conn, &digest, &text, expires_at))
            .await
            .map_err(|error: store::Error| UpdateError::Other(error.into()))?;
        if updated {
            return Ok(key);
        }
        // It was ended while this request ran: it stays ended, and what the
        // request left goes into a session of its own, without its owner.
        let mut state = state;
        state.remove(ADMINISTRATOR);
        state.remove(CANDIDATE);
        self.save(state, ttl).await.map_err(|error| UpdateError::Other(error.into()))
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        let (digest, expires_at) = (digest_of(key), self.expires_at(ttl));
        self.store
            .write(move |conn| sessions::extend(conn, &digest, expires_at))
            .await
            .map_err(|error: store::Error| error.into())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let digest = digest_of(key);
        self.store
            .write(move |conn| sessions::delete(conn, &digest))
            .await
            .map(drop)
            .map_err(|error: store::Error| error.into())
    }
}

fn digest_of(key: &SessionKey) -> Vec<u8> {
    digest::digest(&digest::SHA256, key.as_ref().as_bytes()).as_ref().to_vec()
}

/// Whose it is, or of whom a password was right: what ends their sessions ends
/// this one. The values of a session are JSON texts.
fn administrator_of(state: &State) -> Option<String> {
    state
        .get(ADMINISTRATOR)
        .or_else(|| state.get(CANDIDATE))
        .and_then(|text| serde_json::from_str(text).ok())
}
