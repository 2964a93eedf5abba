//! A text and the tag that names it.
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A document as it is sent.
#[derive(Debug)]
pub struct Tagged {
    pub body: String,
    /// Quoted, as in an `ETag` header.
    pub etag: String,
}

impl Tagged {
    pub fn new(body: String) -> Self {
        let hash = digest::digest(&digest::SHA256, body.as_bytes());
        let short = hash.as_ref().get(..12).unwrap_or_default();
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(short));
        Self { body, etag }
    }
}
