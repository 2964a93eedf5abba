//! Resource indicators, RFC 8707 §2.
use url::Url;

/// A protected API, named by an absolute URI without fragment, query or
/// userinfo. Kept as it was written: it is compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceUri(String);

impl ResourceUri {
    pub const MAX_BYTES: usize = 512;

    /// # Errors
    /// A sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > Self::MAX_BYTES {
            return Err("An identifier is at most 512 bytes long.");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['"', '\\']) {
            return Err("An identifier has only the characters of a URI: no spaces, no quotes.");
        }
        let uri = Url::parse(text)
            .map_err(|_| "Write an absolute URI, such as https://api.example.com/billing.")?;
        if uri.fragment().is_some() || text.contains('#') {
            return Err("An identifier has no fragment: leave out # and what follows.");
        }
        if uri.query().is_some() {
            return Err("An identifier has no query: leave out ? and what follows.");
        }
        if !uri.username().is_empty() || uri.password().is_some() {
            return Err("An identifier has no user name or password in it.");
        }
        if uri.has_authority() && uri.host().is_none() {
            return Err("The host is missing after the scheme.");
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_uri_is_kept_as_it_was_written() {
        for good in [
            "https://api.example.com",
            "https://API.example.com:443/a/../b/",
            "urn:example:billing",
        ] {
            assert_eq!(ResourceUri::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_is_no_plain_absolute_uri_is_refused() {
        for bad in [
            "",
            "billing",
            "/billing",
            "https://",
            "https://a/#",
            "https://a/#x",
            "https://a/?x",
            "https://u@a/",
            "https://u:p@a/",
            "https://a/ b",
            "https://a/\"",
            "https://ä/",
        ] {
            assert!(ResourceUri::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ResourceUri::parse(&format!("https://a/{}", "x".repeat(512))).is_err());
    }
}
