//! What a browser carries to the provider and back. All of it follows from the
//! cookie and the state together, so the database keeps digests, and neither who
//! reads it nor who sees the URL can come back in the browser's place.
use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::admin::Actor;
use crate::config::Config;
use crate::model::openid::PATIENCE;
use crate::oauth::UnixTime;
use crate::openid::Sent;

pub struct Journey {
    browser: [u8; 32],
    /// What goes to the provider and comes back.
    pub state: String,
}

impl Journey {
    /// A new one; with the cookie that the browser has, so that two tabs do not
    /// disturb each other.
    pub fn begin(request: &HttpRequest, config: &Config, actor: &Actor) -> Self {
        let entropy = &actor.entropy;
        let browser = carried(request, config).unwrap_or_else(|| entropy.bytes());
        Self { browser, state: URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()) }
    }

    /// The one that comes back with `state`; `None`: the browser carries nothing.
    pub fn back(request: &HttpRequest, config: &Config, state: &str) -> Option<Self> {
        Some(Self { browser: carried(request, config)?, state: state.to_owned() })
    }

    pub fn state_digest(&self) -> Vec<u8> {
        digest_of(self.state.as_bytes())
    }

    pub fn browser_digest(&self) -> Vec<u8> {
        digest_of(&self.browser)
    }

    /// `nonce` binds the ID token to the browser (OpenID Connect Core 1.0
    /// §15.5.2), `verifier` the code (RFC 7636 §4.1).
    pub fn sent(&self, not_before: Option<UnixTime>) -> Sent {
        Sent { nonce: self.derived("nonce"), verifier: self.derived("verifier"), not_before }
    }

    fn derived(&self, purpose: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.browser);
        let tag = hmac::sign(&key, format!("{purpose} {}", self.state).as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }

    pub fn cookie(&self, config: &Config) -> Cookie<'static> {
        cookie(config, URL_SAFE_NO_PAD.encode(self.browser), Duration::seconds(PATIENCE.0))
    }
}

/// Has the browser forget.
pub fn forgotten(config: &Config) -> Cookie<'static> {
    cookie(config, String::new(), Duration::ZERO)
}

/// `Lax`: the way back is a navigation that another site caused.
fn cookie(config: &Config, value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(name(config), value)
        .path("/")
        .http_only(true)
        .secure(config.issuer.is_https)
        .same_site(SameSite::Lax)
        .max_age(age)
        .finish()
}

fn carried(request: &HttpRequest, config: &Config) -> Option<[u8; 32]> {
    let cookie = request.cookie(name(config))?;
    URL_SAFE_NO_PAD.decode(cookie.value()).ok()?.try_into().ok()
}

const fn name(config: &Config) -> &'static str {
    if config.issuer.is_https { "__Host-countersign-openid" } else { "countersign-openid" }
}

fn digest_of(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}
