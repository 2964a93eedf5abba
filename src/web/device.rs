//! The cookie of a browser that signed in before. It proves nothing of who sits
//! there; it has failures counted apart from everybody else's, so that nobody
//! can make the person wait (OWASP, "device cookies").
use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};

use crate::config::Config;
use crate::host::Entropy;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// How long a browser is remembered after a sign-in.
const REMEMBERED: Seconds = Seconds(180 * 24 * 3_600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `dev_` and a ULID.
    pub id: String,
    /// Whose sign-in made it.
    pub administrator_id: String,
}

impl Device {
    /// The one that the request comes from, if it was not tampered with.
    pub fn of(
        request: &HttpRequest,
        config: &Config,
        key: &[u8; 64],
        now: UnixTime,
    ) -> Option<Self> {
        let mut jar = CookieJar::new();
        jar.add_original(request.cookie(name(config))?);
        let cookie = jar.private(&Key::from(key)).get(name(config))?;
        let mut parts = cookie.value().splitn(3, ' ');
        let (administrator_id, id, since) = (parts.next()?, parts.next()?, parts.next()?);
        let since = UnixTime::from_seconds(since.parse().ok()?);
        let device = Self { id: id.to_owned(), administrator_id: administrator_id.to_owned() };
        (since <= now && now < since + REMEMBERED).then_some(device)
    }

    pub fn new(administrator_id: &str, entropy: &Entropy, now: UnixTime) -> Self {
        Self { id: entropy.id("dev_", now), administrator_id: administrator_id.to_owned() }
    }

    /// The cookie to set, encrypted: it names an account.
    pub fn cookie(&self, config: &Config, key: &[u8; 64], now: UnixTime) -> Cookie<'static> {
        let value = format!("{} {} {}", self.administrator_id, self.id, now.seconds());
        let cookie = Cookie::build(name(config), value)
            .path("/")
            .http_only(true)
            .secure(config.issuer.is_https)
            .same_site(SameSite::Strict)
            .max_age(Duration::seconds(REMEMBERED.0))
            .finish();
        let mut jar = CookieJar::new();
        jar.private_mut(&Key::from(key)).add(cookie);
        jar.get(name(config)).cloned().unwrap_or_else(|| Cookie::new(name(config), ""))
    }
}

const fn name(config: &Config) -> &'static str {
    if config.issuer.is_https { "__Host-countersign-device" } else { "countersign-device" }
}
