//! The OpenID provider: all of its settings, or none.
use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

use super::Reader;
use crate::config::Secret;
use crate::config::openid::{ClientSecret, OpenId};
use crate::config::setting::Source;
use crate::model::openid::RoleMap;

impl Reader<'_> {
    #[expect(clippy::option_option, reason = "outer: could be read; inner: was given")]
    pub(super) fn openid(&mut self) -> Option<Option<OpenId>> {
        if self.text("openid_issuer").is_empty() {
            let set = |(key, (_, source)): (&&str, &(String, Source))| {
                key.starts_with("openid_") && *source != Source::Default
            };
            if self.raw.iter().any(set) {
                let why = "COUNTERSIGN_OPENID_ISSUER: name the provider, or set nothing of it";
                self.errors.push(why.to_owned());
                return None;
            }
            return Some(None);
        }
        let truth = |reader: &mut Self, key| reader.parsed::<bool>(key, "true or false");
        let private = truth(self, "openid_allow_private");
        let issuer =
            self.checked("openid_issuer", |text| issuer(text, private.unwrap_or_default()));
        let client_id = self.checked("openid_client_id", |text| match text {
            "" => Err("the provider gives you one".to_owned()),
            text => Ok(text.to_owned()),
        });
        let roles = self.checked("openid_roles", RoleMap::read);
        let (only, links) = (truth(self, "openid_only"), truth(self, "openid_link_by_email"));
        let (creates, secret) = (truth(self, "openid_create_accounts"), self.client_secret());
        let (issuer, roles) = (issuer?, roles?);
        let creates_accounts = creates?;
        if creates_accounts && roles.is_empty() {
            self.errors.push(
                "COUNTERSIGN_OPENID_ROLES: an account that is made needs a role, such as \
                 staff=auditor"
                    .to_owned(),
            );
            return None;
        }
        let words = |text: &str| text.split([' ', ',']).map(str::to_owned).collect::<Vec<_>>();
        let words = |key| {
            let all = words(self.text(key)).into_iter();
            all.filter(|word| !word.is_empty()).collect::<Vec<_>>()
        };
        let name = Some(self.text("openid_name")).filter(|name| !name.is_empty());
        let host = || Url::parse(&issuer).ok()?.host_str().map(str::to_owned);
        let role_claim = Some(self.text("openid_role_claim")).filter(|name| !name.is_empty());
        Some(Some(OpenId {
            name: name.map(str::to_owned).or_else(host).unwrap_or_default(),
            client_id: client_id?,
            client_secret: secret?,
            scopes: words("openid_scopes"),
            role_claim: role_claim.map(str::to_owned),
            roles,
            creates_accounts,
            links_by_email: links?,
            only: only?,
            second_factor: words("openid_second_factor"),
            ca_file: self.path("openid_ca_file"),
            private: private?,
            issuer,
        }))
    }

    #[expect(clippy::option_option, reason = "outer: could be read; inner: was given")]
    fn client_secret(&mut self) -> Option<Option<ClientSecret>> {
        match (self.text("openid_client_secret"), self.text("openid_client_secret_file")) {
            ("", "") => Some(None),
            ("", path) => Some(Some(ClientSecret::File(PathBuf::from(path)))),
            (text, "") => {
                let secret = Secret(Zeroizing::new(text.to_owned()));
                Some(Some(ClientSecret::Value(secret)))
            }
            _ => {
                self.errors.push(
                    "COUNTERSIGN_OPENID_CLIENT_SECRET and COUNTERSIGN_OPENID_CLIENT_SECRET_FILE: \
                     set one of them"
                        .to_owned(),
                );
                None
            }
        }
    }
}

/// OpenID Connect Discovery 1.0 §3.
fn issuer(text: &str, private: bool) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
        return Err("must be an https URL without query and fragment".to_owned());
    }
    match url.scheme() {
        "https" => Ok(text.to_owned()),
        "http" if private => Ok(text.to_owned()),
        "http" => Err("http without TLS needs COUNTERSIGN_OPENID_ALLOW_PRIVATE=true".to_owned()),
        _ => Err("must be an https URL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Error};

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Error> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (format!("COUNTERSIGN_OPENID_{name}"), (*value).to_owned()));
        Config::from_values(&pairs.collect::<BTreeMap<_, _>>(), None)
    }

    const LEAST: [(&str, &str); 2] = [("ISSUER", "https://id.example.com"), ("CLIENT_ID", "c")];

    fn read_with(name: &str, value: &str) -> Result<Config, Error> {
        read(&[LEAST[0], LEAST[1], (name, value)])
    }

    #[test]
    fn a_provider_is_named_whole_or_not_at_all() {
        assert!(read(&[]).unwrap().openid.is_none());
        let least = read(&LEAST).unwrap().openid.unwrap();
        assert_eq!((least.name.as_str(), least.only), ("id.example.com", false));
        assert_eq!(least.scopes, ["openid", "profile", "email"]);
        for name in ["CLIENT_ID", "ONLY", "CREATE_ACCOUNTS"] {
            assert!(read(&[(name, "true")]).is_err(), "{name} alone");
        }
        assert!(read(&LEAST[..1]).is_err(), "no client id");
    }

    #[test]
    fn what_travels_in_the_clear_has_to_be_wanted() {
        let plain = [("ISSUER", "http://127.0.0.1:1"), ("CLIENT_ID", "c")];
        assert!(read(&plain).is_err());
        assert!(read(&[plain[0], plain[1], ("ALLOW_PRIVATE", "true")]).is_ok());
        assert!(read(&[("ISSUER", "https://id/?q"), ("CLIENT_ID", "c")]).is_err());
    }

    #[test]
    fn an_account_that_is_made_has_a_role() {
        assert!(read_with("CREATE_ACCOUNTS", "true").is_err());
        let pairs = [LEAST[0], LEAST[1], ("CREATE_ACCOUNTS", "true"), ("ROLES", "*=auditor")];
        assert!(read(&pairs).is_ok());
        assert!(read_with("ROLES", "staff").is_err());
    }

    #[test]
    fn its_secret_is_not_shown() {
        let config = read_with("CLIENT_SECRET", "hunter2").unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(config.effective.iter().all(|known| !known.value.contains("hunter2")));
        let both = [LEAST[0], LEAST[1], ("CLIENT_SECRET", "x"), ("CLIENT_SECRET_FILE", "/x")];
        assert!(read(&both).is_err());
    }
}
