//! Where passkeys are good: one host name, at one origin of it.
use std::net::SocketAddr;

use url::{Host, Url};

use super::{Issuer, Reader};

/// The relying party, as Web Authentication calls who asks for passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkeys {
    /// The RP ID: the host name that passkeys are made for.
    pub domain: String,
    /// The one origin they are shown at, such as `https://auth.example.com`.
    pub origin: Url,
}

impl Reader<'_> {
    #[expect(clippy::option_option, reason = "outer: could be read; inner: there can be any")]
    pub(super) fn passkeys(
        &mut self,
        issuer: Option<&Issuer>,
        own_door: Option<SocketAddr>,
    ) -> Option<Option<Passkeys>> {
        self.checked("passkey_origin", |text| passkeys(text, issuer, own_door.is_some()))
    }
}

/// Reads the origin of the console; of nothing, it is the issuer's, unless the
/// console has a door of its own. `None`: there can be none, because it is at an
/// address without a name, or at plain HTTP.
///
/// # Errors
/// The sentence for the operator who named what cannot have passkeys.
fn passkeys(
    text: &str,
    issuer: Option<&Issuer>,
    own_door: bool,
) -> Result<Option<Passkeys>, String> {
    if text.is_empty() {
        let issuer = issuer.filter(|_| !own_door).and_then(|issuer| Url::parse(&issuer.url).ok());
        return Ok(issuer.and_then(|url| at(&url).ok()));
    }
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    let is_origin = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if !is_origin {
        return Err(format!("{text:?} is more than an origin, such as https://auth.example.com"));
    }
    at(&url).map(Some)
}

/// Web Authentication §5.1.3 and §13.4.9: the RP ID is the domain of a secure
/// context.
fn at(url: &Url) -> Result<Passkeys, String> {
    let Some(Host::Domain(domain)) = url.host() else {
        return Err("an IP address cannot have passkeys; browsers want a host name".to_owned());
    };
    let is_local = domain == "localhost" || domain.ends_with(".localhost");
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
        return Err("browsers show passkeys over https only, or on localhost".to_owned());
    }
    let origin = Url::parse(&url.origin().ascii_serialization());
    let origin = origin.map_err(|error| format!("is no origin: {error}"))?;
    Ok(Passkeys { domain: domain.to_owned(), origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(url: &str) -> Issuer {
        Issuer { url: url.to_owned(), path: String::new(), is_https: true }
    }

    #[test]
    fn they_are_for_the_host_of_the_issuer_unless_the_console_is_elsewhere() {
        let issuer = issuer("https://auth.example.com:8443/tenant");
        let found = passkeys("", Some(&issuer), false).unwrap().unwrap();
        assert_eq!(found.domain, "auth.example.com");
        assert_eq!(found.origin.as_str(), "https://auth.example.com:8443/");
        assert_eq!(passkeys("", Some(&issuer), true), Ok(None));
        let named = passkeys("http://localhost:8081", Some(&issuer), true).unwrap().unwrap();
        assert_eq!(named.domain, "localhost");
    }

    #[test]
    fn what_no_browser_would_take_is_none_or_refused_by_name() {
        for bad in ["http://127.0.0.1:8080", "https://[::1]", "http://auth.example.com"] {
            assert_eq!(passkeys("", Some(&issuer(bad)), false), Ok(None), "{bad}");
            assert!(passkeys(bad, None, false).is_err(), "{bad}");
        }
        for bad in ["auth.example.com", "https://a.example/console", "https://a.example/?x"] {
            assert!(passkeys(bad, None, false).is_err(), "{bad}");
        }
    }
}
