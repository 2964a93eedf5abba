//! Asking the issuer: bounded in time and size, and never sent elsewhere.
use std::io::Read as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use ureq::http::{HeaderName, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// What came back with status 200.
pub struct Answer {
    pub body: Vec<u8>,
    /// `Cache-Control: max-age`, in seconds.
    pub max_age: Option<i64>,
}

pub struct Http {
    agent: Agent,
}

impl Http {
    /// `timeout` is for a whole request.
    pub fn new(timeout: Duration) -> Self {
        let config = without_redirects().timeout_global(Some(timeout)).build();
        Self { agent: config.new_agent() }
    }

    /// For answers that do not end: they may be silent for `silence` at most.
    pub fn for_streams(silence: Duration) -> Self {
        let config = without_redirects()
            .timeout_connect(Some(silence))
            .timeout_recv_response(Some(silence))
            .timeout_per_read(Some(silence))
            .build();
        Self { agent: config.new_agent() }
    }

    /// # Errors
    /// A sentence for the log: it does not answer, not with 200, or with more
    /// than `limit` bytes.
    pub fn get(&self, url: &str, accept: &str, limit: u64) -> Result<Answer, String> {
        let answer = self.agent.get(url).header(ACCEPT, accept).call();
        read(url, answer.map_err(|error| format!("{url}: {error}"))?, limit)
    }

    /// The answer while it comes.
    pub fn stream(&self, url: &str, last_event: i64) -> Result<Response<Body>, String> {
        self.agent
            .get(url)
            .header(ACCEPT, "text/event-stream")
            .header("last-event-id", last_event.to_string())
            .call()
            .map_err(|error| format!("{url}: {error}"))
    }

    pub fn post(
        &self,
        url: &str,
        authorization: &str,
        form: &[(&str, &str)],
        limit: u64,
    ) -> Result<Answer, String> {
        let answer = self
            .agent
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json")
            .send_form(form.iter().copied());
        read(url, answer.map_err(|error| format!("{url}: {error}"))?, limit)
    }
}

pub fn header(answer: &Response<Body>, name: HeaderName) -> &str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The part of a `Content-Type` before its parameters.
pub fn media_type(answer: &Response<Body>) -> String {
    let value = header(answer, CONTENT_TYPE);
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn read(url: &str, mut answer: Response<Body>, limit: u64) -> Result<Answer, String> {
    if answer.status() != 200 {
        return Err(format!("{url} answers {}", answer.status().as_u16()));
    }
    let max_age = max_age(header(&answer, CACHE_CONTROL));
    let mut body = Vec::new();
    let mut reader = answer.body_mut().as_reader().take(limit + 1);
    reader.read_to_end(&mut body).map_err(|error| format!("{url}: {error}"))?;
    if body.len() as u64 > limit {
        return Err(format!("{url} answers more than {limit} bytes"));
    }
    Ok(Answer { body, max_age })
}

fn max_age(cache_control: &str) -> Option<i64> {
    let directive = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then_some(value.trim_matches('"').parse().ok()?)
    };
    cache_control.split(',').find_map(directive)
}

fn without_redirects() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("countersign-verify/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls())
}

/// TLS with the cryptography and the certificates of this program.
pub fn tls() -> TlsConfig {
    static ROOTS: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs().certs;
        Arc::new(found.iter().map(|root| Certificate::from_der(root).to_owned()).collect())
    });
    static PROVIDER: LazyLock<Arc<rustls::crypto::CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(ROOTS.clone()))
        .unversioned_rustls_crypto_provider(PROVIDER.clone())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_an_answer_may_be_kept_is_found_among_other_words() {
        assert_eq!(max_age("public, max-age=300"), Some(300));
        assert_eq!(max_age("Max-Age=\"5\" , private"), Some(5));
        assert_eq!(max_age("no-store"), None);
        assert_eq!(max_age("s-maxage=9, max-age=soon"), None);
    }
}
