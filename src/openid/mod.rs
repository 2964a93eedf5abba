//! The OpenID provider that people sign in through: what it says of itself, and
//! what it says of them. Blocks; call it where that is allowed.
mod http;
mod tokens;
mod verification;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::{
    AuthType, ClientId, ClientSecret, CsrfToken, IssuerUrl, JsonWebKeySet, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use url::Url;
use zeroize::Zeroizing;

use crate::config::openid::{ClientSecret as Configured, OpenId};
use crate::model::audit_event::printable;
use crate::model::openid::{Claims, Refusal};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::streams::agent;
use http::Http;
use tokens::{Client, Metadata};

/// For one call; a sign-in makes up to four.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long it is believed what the provider said of itself.
const REMEMBERED: Seconds = Seconds(3_600);

/// How long a provider that did not answer is not asked again.
const RESPITE: Seconds = Seconds(5);

/// Why there are no claims: the reason, and more of it for the log.
pub type Refused = (Refusal, String);

pub struct Provider {
    config: OpenId,
    secret: Option<ClientSecret>,
    redirect_url: RedirectUrl,
    issuer: IssuerUrl,
    http: Http,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, UnixTime)>,
    failed: Option<(String, UnixTime)>,
}

/// What was sent to the provider with somebody, and is asked of what comes back.
pub struct Sent {
    pub nonce: String,
    pub verifier: String,
    /// They had to prove themselves after this.
    pub not_before: Option<UnixTime>,
}

impl Provider {
    /// Reads the secret and the roots; asks nobody.
    ///
    /// # Errors
    /// One sentence: what cannot be read.
    pub fn new(config: &OpenId, redirect_url: &str) -> Result<Self, String> {
        let read = |path: &std::path::Path| {
            let text = std::fs::read_to_string(path).map(Zeroizing::new);
            text.map_err(|error| format!("{}: {error}", path.display()))
        };
        let secret = match &config.client_secret {
            None => None,
            Some(Configured::Value(secret)) => Some(ClientSecret::new(secret.0.to_string())),
            Some(Configured::File(path)) => {
                let text = read(path)
                    .map_err(|why| format!("COUNTERSIGN_OPENID_CLIENT_SECRET_FILE {why}"))?;
                Some(ClientSecret::new(text.trim().to_owned()))
            }
        };
        let roots = config.ca_file.as_deref().map(read).transpose();
        let roots = roots.map_err(|why| format!("COUNTERSIGN_OPENID_CA_FILE {why}"))?;
        let roots = roots.as_ref().map(|text| text.as_str());
        let no_url = |error: url::ParseError| format!("COUNTERSIGN_OPENID_ISSUER: {error}");
        Ok(Self {
            http: Http(agent::new(TIMEOUT, roots, config.private)?),
            secret,
            redirect_url: RedirectUrl::new(redirect_url.to_owned()).map_err(no_url)?,
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(no_url)?,
            config: config.clone(),
            known: Mutex::default(),
        })
    }

    pub const fn config(&self) -> &OpenId {
        &self.config
    }

    /// Where somebody is sent, with `state` to come back with. `again`: the
    /// provider asks them anew who they are.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn authorization_url(
        &self,
        state: String,
        sent: &Sent,
        now: UnixTime,
    ) -> Result<Url, Refused> {
        let metadata = self.metadata(now)?;
        let client = self.client(&metadata);
        let verifier = PkceCodeVerifier::new(sent.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let nonce = Nonce::new(sent.nonce.clone());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, || CsrfToken::new(state), || nonce)
            .set_pkce_challenge(challenge);
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if sent.not_before.is_some() {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        Ok(request.url().0)
    }

    /// Checks the `iss` of the answer, which keeps one provider's answer from being
    /// taken for another's (RFC 9207 §2.4).
    ///
    /// # Errors
    /// `WrongIssuer`, `Unavailable`.
    pub fn check_issuer(&self, iss: Option<&str>, now: UnixTime) -> Result<(), Refused> {
        let wrong = |why: String| Err((Refusal::WrongIssuer, why));
        match iss {
            Some(iss) if iss == self.config.issuer => Ok(()),
            Some(iss) => wrong(format!("the answer is of {}", printable(iss, 100))),
            None if self.metadata(now)?.additional_metadata().names_itself() => {
                wrong("the answer does not name its issuer".to_owned())
            }
            None => Ok(()),
        }
    }

    /// What the provider says of whoever brought this code.
    ///
    /// # Errors
    /// Each check has a reason of its own.
    pub fn claims(&self, code: String, sent: &Sent, now: UnixTime) -> Result<Claims, Refused> {
        let metadata = self.metadata(now)?;
        let client = self.client(&metadata);
        let tokens = tokens::exchange(&client, &self.http, code, &sent.verifier)?;
        let verified = verification::verify(&self.config, &metadata, &tokens, sent, now);
        let claims = match verified {
            // They may have changed since: asked once.
            Err((Refusal::UnknownKey, _)) => {
                let metadata = self.with_new_keys(&metadata, now)?;
                verification::verify(&self.config, &metadata, &tokens, sent, now)?
            }
            verified => verified?,
        };
        tokens::complete(claims, &self.config, &client, &self.http, &tokens)
    }

    /// Whether the provider can be asked; for `countersign check`.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self, now: UnixTime) -> Result<String, String> {
        let metadata = self.metadata(now).map_err(|(_, why)| why)?;
        let keys = metadata.jwks().keys().len();
        Ok(format!("{} answers, and publishes {keys} keys", self.config.issuer))
    }

    fn client(&self, metadata: &Metadata) -> Client {
        let client_id = ClientId::new(self.config.client_id.clone());
        let client =
            Client::from_provider_metadata(metadata.clone(), client_id, self.secret.clone())
                .set_redirect_uri(self.redirect_url.clone());
        // OpenID Connect Discovery 1.0 §3: Basic where it does not say.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let post_only = methods.is_some_and(|methods| !tokens::has_basic(methods));
        client.set_auth_type(if post_only { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    fn metadata(&self, now: UnixTime) -> Result<Arc<Metadata>, Refused> {
        // Held while the provider is asked: one asks for all.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((metadata, at)) = &known.metadata
            && now < *at + REMEMBERED
        {
            return Ok(metadata.clone());
        }
        if let Some((why, at)) = &known.failed
            && now < *at + RESPITE
        {
            return Err((Refusal::Unavailable, why.clone()));
        }
        match Metadata::discover(&self.issuer, &self.http) {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { metadata: Some((metadata.clone(), now)), failed: None };
                Ok(metadata)
            }
            Err(error) => {
                let why = printable(&tokens::chain(&error), 300);
                known.failed = Some((why.clone(), now));
                Err((Refusal::Unavailable, why))
            }
        }
    }

    fn with_new_keys(&self, old: &Metadata, now: UnixTime) -> Result<Arc<Metadata>, Refused> {
        let keys = JsonWebKeySet::fetch(old.jwks_uri(), &self.http);
        let keys =
            keys.map_err(|error| (Refusal::Unavailable, printable(&tokens::chain(&error), 300)))?;
        let metadata = Arc::new(old.clone().set_jwks(keys));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.metadata = Some((metadata.clone(), now));
        Ok(metadata)
    }
}
