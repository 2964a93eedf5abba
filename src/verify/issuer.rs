//! Where the issuer's documents are, RFC 8414.
use serde::Deserialize;
use url::{Host, Url};

use super::http::Http;

/// The issuer, and the way to it.
pub struct Issuer {
    /// As it stands in `iss`.
    pub url: String,
    /// Without the path.
    origin: String,
    /// Without a slash at the end.
    path: String,
    reached_at: String,
}

/// What its metadata says of its endpoints, as they are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub jwks: String,
    pub introspection: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    introspection_endpoint: Option<String>,
}

const METADATA_BYTES: u64 = 64 * 1_024;

impl Issuer {
    /// # Errors
    /// A sentence: it is no URL of an issuer, or keys would be fetched over a
    /// network without TLS although nobody asked for that.
    pub fn new(url: &str, reached_at: Option<&str>) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|_| format!("{url} is no URL"))?;
        let here = match parsed.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(format!("{url} names no host")),
        };
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(format!("{url} has a query or a fragment"));
        }
        match (parsed.scheme(), reached_at) {
            ("https", _) => {}
            ("http", reached_at) if here || reached_at.is_some() => {}
            _ => return Err(format!("{url} is not https")),
        }
        let path = parsed.path().trim_end_matches('/').to_owned();
        let whole = url.trim_end_matches('/');
        let origin = whole.strip_suffix(&path).unwrap_or(whole).to_owned();
        let reached_at = reached_at.unwrap_or(&origin).trim_end_matches('/').to_owned();
        Ok(Self { url: url.to_owned(), origin, path, reached_at })
    }

    /// How `url` is reached; `None` unless it lies below the issuer.
    pub fn locate(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&self.origin)?;
        let below = rest.strip_prefix(&self.path)?;
        (below.starts_with('/') && !below.contains("..")).then(|| self.below(below))
    }

    /// The URL of `path` below the issuer, as it is reached.
    pub fn below(&self, path: &str) -> String {
        format!("{}{}{path}", self.reached_at, self.path)
    }

    /// Reads the metadata, which must be of this issuer (RFC 8414 §3.3).
    pub fn discover(&self, http: &Http) -> Result<Endpoints, String> {
        let path = &self.path;
        let url = format!("{}/.well-known/oauth-authorization-server{path}", self.reached_at);
        let answer = http.get(&url, "application/json", METADATA_BYTES)?;
        let metadata: Metadata =
            serde_json::from_slice(&answer.body).map_err(|_| format!("{url} is no metadata"))?;
        if metadata.issuer != self.url {
            return Err(format!("{url} is of the issuer {:?}", metadata.issuer));
        }
        let elsewhere = |url: &str| format!("{url:?} is not below the issuer");
        let jwks = self.locate(&metadata.jwks_uri).ok_or_else(|| elsewhere(&metadata.jwks_uri))?;
        let introspection =
            metadata.introspection_endpoint.as_deref().and_then(|url| self.locate(url));
        Ok(Endpoints { jwks, introspection })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_the_issuer_is_asked() {
        let issuer = Issuer::new("https://auth.example/tenant", None).unwrap();
        let url = "https://auth.example/tenant/oauth/jwks.json";
        assert_eq!(issuer.locate(url).as_deref(), Some(url));
        for elsewhere in [
            "https://auth.example/other/jwks.json",
            "https://auth.example/tenantry/jwks.json",
            "https://auth.example.evil.example/tenant/jwks.json",
            "https://auth.example/tenant/../x",
            "http://169.254.169.254/",
            "https://auth.example/tenant",
        ] {
            assert_eq!(issuer.locate(elsewhere), None, "{elsewhere}");
        }
        let inside = Issuer::new("https://auth.example/tenant/", Some("http://auth:8080")).unwrap();
        assert_eq!(inside.locate(url).as_deref(), Some("http://auth:8080/tenant/oauth/jwks.json"),);
    }

    #[test]
    fn keys_are_not_fetched_without_tls_unless_somebody_said_so() {
        assert!(Issuer::new("http://auth.example", None).is_err());
        assert!(Issuer::new("http://auth.example", Some("http://auth.example")).is_ok());
        assert!(Issuer::new("http://localhost:8080", None).is_ok());
        assert!(Issuer::new("http://127.0.0.1:8080", None).is_ok());
        for bad in ["auth.example", "https://auth.example/?x", "ftp://localhost"] {
            assert!(Issuer::new(bad, None).is_err(), "{bad}");
        }
    }
}
