//! What the provider is asked: bounded in time and size, never sent elsewhere.
use std::io::Read as _;

use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use ureq::Agent;

/// What is read of an answer.
const LONGEST: u64 = 1_024 * 1_024;

/// A call that came to nothing, as a sentence for an operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(String);

pub struct Http(pub Agent);

impl SyncHttpClient for Http {
    type Error = Failed;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let url = request.uri().to_string();
        let failed = |error: &dyn std::fmt::Display| Failed(format!("{url}: {error}"));
        let answer = if request.method() == openidconnect::http::Method::GET {
            let (parts, _) = request.into_parts();
            self.0.run(ureq::http::Request::from_parts(parts, ()))
        } else {
            self.0.run(request)
        };
        let (parts, mut body) = answer.map_err(|error| failed(&error))?.into_parts();
        let mut bytes = Vec::new();
        let mut reader = body.as_reader().take(LONGEST + 1);
        reader.read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        if bytes.len() as u64 > LONGEST {
            return Err(failed(&"the answer is too long"));
        }
        Ok(HttpResponse::from_parts(parts, bytes))
    }
}
