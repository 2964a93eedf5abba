//! Calls by HTTP: to public addresses alone unless others are wanted, never sent
//! elsewhere, and bounded in time.
use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address::{NOT_PUBLIC, is_public};
use crate::verify::http::tls;

/// `roots`: what TLS trusts instead of the machine's roots, PEM. `private`:
/// addresses that are not public may be called.
///
/// # Errors
/// The roots cannot be read.
pub fn new(timeout: Duration, roots: Option<&str>, private: bool) -> Result<Agent, String> {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .tls_config(roots.map_or_else(|| Ok(tls()), trusting)?)
        .build();
    let careful = Careful { resolver: DefaultResolver::default(), private };
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
            return Err(ureq::Error::Io(IoError::new(ErrorKind::PermissionDenied, NOT_PUBLIC)));
        }
        Ok(found)
    }
}
