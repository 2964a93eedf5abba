//! What is asked: the bytes of each request, and what a whole answer begins
//! with.
use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;

use crate::clients::Credentials;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Asked {
    Token,
    Introspect,
    Gate,
}

impl Asked {
    /// A request for each client, or for each token.
    pub fn requests(
        self,
        clients: &[Credentials],
        tokens: &[String],
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        ensure!(self == Self::Token || !tokens.is_empty(), "give --tokens");
        Ok(match self {
            Self::Token => clients.iter().map(token).collect(),
            Self::Introspect => {
                let caller = clients.first().map(basic).unwrap_or_default();
                let form = |token: &String| format!("token={token}");
                tokens.iter().map(|token| post("introspect", &caller, &form(token))).collect()
            }
            Self::Gate => tokens.iter().map(|token| gate(token)).collect(),
        })
    }

    pub const fn answer(self) -> &'static str {
        match self {
            Self::Token => r#"{"access_token":""#,
            Self::Introspect => r#"{"active":true"#,
            Self::Gate => "",
        }
    }
}

pub fn basic(client: &Credentials) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", client.id, client.secret)))
}

fn token(client: &Credentials) -> Vec<u8> {
    const BODY: &str = "grant_type=client_credentials&scope=invoices%3Aread+invoices%3Awrite";
    post("token", &basic(client), BODY)
}

fn post(endpoint: &str, authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /oauth/{endpoint} HTTP/1.1\r\n\
         host: 127.0.0.1\r\n\
         user-agent: countersign-bench/1\r\n\
         accept: application/json\r\n\
         authorization: {authorization}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

fn gate(token: &str) -> Vec<u8> {
    format!(
        "GET /gate?resource=https%3A%2F%2Fapi.example%2Fbench HTTP/1.1\r\n\
         host: 127.0.0.1\r\n\
         user-agent: countersign-bench/1\r\n\
         authorization: Bearer {token}\r\n\
         x-original-method: GET\r\n\
         x-original-uri: /invoices/4711?full=1\r\n\r\n"
    )
    .into_bytes()
}
