//! The OpenID provider that people may sign in through.
use std::path::PathBuf;

use super::Secret;
use crate::model::openid::RoleMap;

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
pub struct OpenId {
    /// To the letter as the provider says it in `iss`.
    pub issuer: String,
    pub client_id: String,
    /// `None`: a public client, which PKCE alone protects.
    pub client_secret: Option<ClientSecret>,
    pub scopes: Vec<String>,
    /// What it is called on the button.
    pub name: String,
    /// Where roles are read from; `None`: they are given in the console.
    pub role_claim: Option<String>,
    pub roles: RoleMap,
    /// Who has no account gets one.
    pub creates_accounts: bool,
    /// An account whose address the provider has verified is joined.
    pub links_by_email: bool,
    /// No other sign-in, but for break-glass accounts.
    pub only: bool,
    /// What in `amr` or `acr` is a second factor.
    pub second_factor: Vec<String>,
    /// Roots to trust for TLS instead of the machine's, PEM.
    pub ca_file: Option<PathBuf>,
    /// It may be called at an address that is not public, and without TLS.
    pub private: bool,
}

#[derive(Clone, Debug)]
pub enum ClientSecret {
    Value(Secret),
    File(PathBuf),
}
