//! Gets a token for each of some clients, to ask about.
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;

use crate::asked::basic;
use crate::clients;

/// # Errors
/// A client gets no token.
pub fn fetch(
    target: SocketAddr,
    clients: &Path,
    count: usize,
    out: &Path,
) -> anyhow::Result<String> {
    let mut tokens = String::new();
    for client in clients::read(clients)?.iter().take(count) {
        let form = [("grant_type", "client_credentials")];
        let mut answer = ureq::post(format!("http://{target}/oauth/token"))
            .header("authorization", basic(client))
            .send_form(form)?;
        let answer: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let token = answer.get("access_token").and_then(|token| token.as_str());
        tokens.push_str(token.context("no token")?);
        tokens.push('\n');
    }
    std::fs::write(out, tokens)?;
    Ok(format!("{count} tokens"))
}
