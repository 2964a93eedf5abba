//! Calls the API, and nothing else: no redirects, no proxies, no addresses
//! that only machines in a cloud have business with.
use std::io::{Error as IoError, ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{Method, Request, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use super::{Error, Exam};
use crate::verify::http::tls;

const TIMEOUT: Duration = Duration::from_secs(5);

/// What is read of an answer, and thrown away.
const BYTES: u64 = 64 * 1_024;

pub struct Courier {
    agent: ureq::Agent,
    method: Method,
    url: String,
}

impl Courier {
    /// # Errors
    /// `Url`: the method is none.
    pub fn new(exam: &Exam) -> Result<Self, Error> {
        let method = Method::from_bytes(exam.method.as_bytes())
            .map_err(|_| Error::Url("That is no HTTP method."))?;
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .proxy(None)
            .user_agent(concat!("countersign-exam/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls())
            .build();
        let careful = Careful { resolver: DefaultResolver::default(), loopback: exam.loopback };
        let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), careful);
        Ok(Self { agent, method, url: exam.url.to_string() })
    }

    /// The status that the API answers with, or why it does not.
    pub fn call(&self, token: Option<&str>) -> Result<u16, String> {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(()).map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(request).map_err(|error| error.to_string())?;
        let mut reader = answer.body_mut().as_reader().take(BYTES);
        // The status is all that counts.
        let _ = std::io::copy(&mut reader, &mut std::io::sink());
        Ok(answer.status().as_u16())
    }
}

/// As it may stand in a log.
pub fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// Finds no address that must not be called, whatever name leads there.
#[derive(Debug)]
struct Careful {
    resolver: DefaultResolver,
    loopback: bool,
}

impl Resolver for Careful {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout)?;
        let here = |ip: IpAddr| ip.to_canonical().is_loopback() || ip.is_unspecified();
        let refused = |ip| is_forbidden(ip) || (!self.loopback && here(ip));
        if found.iter().any(|address| refused(address.ip())) {
            let error = IoError::new(ErrorKind::PermissionDenied, "this address is not called");
            return Err(ureq::Error::Io(error));
        }
        Ok(found)
    }
}

/// Link-local addresses, among them those at which clouds hand out credentials
/// of machines, and such of their services as have other addresses.
fn is_forbidden(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)]
                    .contains(&ip)
        }
        IpAddr::V6(ip) => {
            let embedded = match ip.segments() {
                // RFC 6052 §2.1.
                [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Ipv4Addr::from_bits(low(ip))),
                _ => None,
            };
            ip.is_unicast_link_local()
                || ip.is_multicast()
                || ip == Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)
                || embedded.is_some_and(|ip| is_forbidden(IpAddr::V4(ip)))
        }
    }
}

/// The last 32 bits.
fn low(ip: Ipv6Addr) -> u32 {
    u32::try_from(ip.to_bits() & u128::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_hand_out_credentials_are_not_called() {
        for ip in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "168.63.129.16",
            "100.100.100.200",
            "224.0.0.1",
            "ff02::1",
        ] {
            assert!(is_forbidden(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12::1", "93.184.215.14"] {
            assert!(!is_forbidden(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_name_or_number_that_leads_there_is_not_called_either() {
        for url in ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://2852039166/"] {
            let exam = Exam {
                url: Exam::read_url(url).unwrap(),
                method: "GET".into(),
                resource: String::new(),
                client_id: String::new(),
                scope: None,
                follows_revocations: false,
                loopback: true,
                patience: Duration::ZERO,
            };
            let answer = Courier::new(&exam).unwrap().call(None);
            assert!(answer.clone().unwrap_err().contains("not called"), "{url}: {answer:?}");
        }
        for url in ["ftp://a/", "file:///etc/passwd", "https://u:p@a/", "a"] {
            assert!(Exam::read_url(url).is_err(), "{url}");
        }
    }
}
