//! Asking the issuer for one token, RFC 7662.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::http::Http;

/// Who asks.
pub struct Introspection {
    authorization: Zeroizing<String>,
    http: Http,
}

#[derive(Deserialize)]
struct Answer {
    active: bool,
}

const BYTES: u64 = 64 * 1_024;

impl Introspection {
    pub fn new(client_id: &str, client_secret: &str, http: Http) -> Self {
        // RFC 6749 §2.3.1: both are form-encoded first.
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = Zeroizing::new(format!("{}:{}", encode(client_id), encode(client_secret)));
        let authorization = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        Self { authorization, http }
    }

    /// Whether the issuer calls `token` active. Blocks.
    pub fn is_active(&self, url: &str, token: &str) -> Result<bool, String> {
        let answer = self.http.post(url, &self.authorization, &[("token", token)], BYTES)?;
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| format!("{url} says nothing"))?;
        Ok(answer.active)
    }
}
