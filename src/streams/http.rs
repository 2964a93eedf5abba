//! Batches by HTTP: signed webhooks, and logs for OpenTelemetry.
use std::io::{Error as IoError, ErrorKind, Read as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use super::record::Record;
use crate::config::Secret;
use crate::config::streams::Stream;
use crate::oauth::UnixTime;
use crate::verify::http::tls;

/// How long a receiver may take for a batch.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer.
const LONGEST: u64 = 16 * 1_024;

pub struct Http {
    agent: Agent,
    url: Url,
    kind: Kind,
}

enum Kind {
    /// Standard Webhooks: what signs.
    Webhook(Box<hmac::Key>),
    /// The bearer token, if there is one, and the service that tells.
    Otlp { bearer: Option<Secret>, service: String },
}

impl Http {
    /// # Errors
    /// The roots cannot be read.
    pub fn webhook(stream: &Stream, url: Url) -> Result<Self, String> {
        let secret = stream.secret.as_ref().map(|secret| secret.0.as_str()).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &signing_key(secret));
        Ok(Self { agent: agent(stream)?, url, kind: Kind::Webhook(Box::new(key)) })
    }

    /// # Errors
    /// As [`Http::webhook`].
    pub fn otlp(stream: &Stream, url: Url, service: String) -> Result<Self, String> {
        let kind = Kind::Otlp { bearer: stream.secret.clone(), service };
        Ok(Self { agent: agent(stream)?, url, kind })
    }

    /// Returns once the receiver said that it has them.
    ///
    /// # Errors
    /// Why it may not have them.
    pub fn send(&self, id: &str, records: &[Record], now: UnixTime) -> Result<(), String> {
        let request = self.agent.post(self.url.as_str()).header("content-type", "application/json");
        let mut answer = match &self.kind {
            Kind::Webhook(key) => {
                let body = array(records);
                let at = now.seconds();
                let signature = hmac::sign(key, format!("{id}.{at}.{body}").as_bytes());
                request
                    .header("webhook-id", id)
                    .header("webhook-timestamp", at.to_string())
                    .header("webhook-signature", format!("v1,{}", STANDARD.encode(signature)))
                    .send(body)
            }
            Kind::Otlp { bearer, service } => {
                let request = match bearer {
                    Some(token) => {
                        request.header("authorization", format!("Bearer {}", token.0.as_str()))
                    }
                    None => request,
                };
                request.send(logs(records, service, now).to_string())
            }
        }
        .map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let mut text = String::new();
        let mut reader = answer.body_mut().as_reader().take(LONGEST);
        let _ = reader.read_to_string(&mut text);
        if !(200..300).contains(&status) {
            return Err(format!("it answered {status}"));
        }
        if let Kind::Otlp { .. } = self.kind {
            let rejected = rejected(&text);
            if rejected > 0 {
                // What was rejected must not be sent again: OTLP says so.
                tracing::error!(rejected, "stream.rejected");
            }
        }
        Ok(())
    }
}

/// `whsec_` and base64, or the text itself.
fn signing_key(secret: &str) -> Vec<u8> {
    let decoded = secret.strip_prefix("whsec_").map(|text| STANDARD.decode(text));
    match decoded {
        Some(Ok(bytes)) => bytes,
        _ => secret.as_bytes().to_vec(),
    }
}

fn array(records: &[Record]) -> String {
    let texts: Vec<&str> = records.iter().map(|record| record.json.as_str()).collect();
    format!("[{}]", texts.join(","))
}

/// `ExportLogsServiceRequest` of OTLP 1 as JSON.
fn logs(records: &[Record], service: &str, now: UnixTime) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let nanos = |at: UnixTime| (i128::from(at.0) * 1_000).to_string();
    let record = |record: &Record| {
        let (number, word) = if record.is_success() { (9, "INFO") } else { (13, "WARN") };
        json!({
            "timeUnixNano": nanos(record.at),
            "observedTimeUnixNano": nanos(now),
            "severityNumber": number,
            "severityText": word,
            "eventName": record.code,
            "body": {"stringValue": record.json},
            "attributes": [
                text("event.id", &record.id),
                text("event.outcome", &record.outcome),
            ],
        })
    };
    json!({"resourceLogs": [{
        "resource": {"attributes": [
            text("service.name", "countersign"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("server.address", service),
        ]},
        "scopeLogs": [{
            "scope": {"name": "countersign.audit"},
            "logRecords": records.iter().map(record).collect::<Vec<_>>(),
        }],
    }]})
}

/// How many records an OTLP receiver did not take.
fn rejected(answer: &str) -> i64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let rejected = answer.pointer("/partialSuccess/rejectedLogRecords");
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    rejected.and_then(number).unwrap_or(0)
}

fn agent(stream: &Stream) -> Result<Agent, String> {
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .tls_config(stream.ca.as_deref().map_or_else(|| Ok(tls()), trusting)?)
        .build();
    let careful = Careful { resolver: DefaultResolver::default(), private: stream.private };
    Ok(Agent::with_parts(config, DefaultConnector::new(), careful))
}

/// TLS that trusts these roots alone.
fn trusting(pem: &str) -> Result<TlsConfig, String> {
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let roots = roots.map_err(|error| format!("ca_file: {error}"))?;
    let roots: Vec<Certificate<'static>> =
        roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build())
}

/// Finds public addresses only, whatever name leads there, and it is the address
/// found that is connected to: a name that changes its mind in between gains
/// nothing.
#[derive(Debug)]
struct Careful {
    resolver: DefaultResolver,
    private: bool,
}

impl Resolver for Careful {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout)?;
        if !self.private && found.iter().any(|address| !is_public(address.ip())) {
            let why = "the address is not public, and allow_private is not set";
            return Err(ureq::Error::Io(IoError::new(ErrorKind::PermissionDenied, why)));
        }
        Ok(found)
    }
}

/// Whether an address is one of the public internet: not of this machine, a
/// private network, a link (where clouds hand out credentials), or many.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_documentation()
                || is_shared
                || a == 0
                || a >= 240
                || (a == 198 && (b == 18 || b == 19))
                || ip.octets() == [168, 63, 129, 16])
        }
        IpAddr::V6(ip) => {
            let embedded = match ip.segments() {
                // RFC 6052 §2.1, RFC 3056.
                [0x64, 0xff9b, .., high, low] | [0x2002, high, low, ..] => Some((high, low)),
                _ => None,
            };
            let embedded = embedded.map(|(high, low)| {
                let bits = (u32::from(high) << 16) | u32::from(low);
                IpAddr::V4(std::net::Ipv4Addr::from_bits(bits))
            });
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || embedded.is_some_and(|ip| !is_public(ip)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        for ip in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    /// The example of the Standard Webhooks specification's libraries.
    #[test]
    fn a_webhook_is_signed_as_the_standard_says() {
        let key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let text = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_a_receiver_rejected_is_read() {
        assert_eq!(rejected(r#"{"partialSuccess":{"rejectedLogRecords":"3"}}"#), 3);
        assert_eq!(rejected("{}"), 0);
        assert_eq!(rejected("no json"), 0);
    }
}
