//! Reading what somebody pasted as a JWT. Checks nothing of it.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::texts::en;

/// The parts of a JWT in compact form, RFC 7519 §3.1.
pub struct Jwt {
    /// The three parts with dots between them, and nothing around them.
    pub text: String,
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
    pub is_signed: bool,
}

/// The longest token that is read, in bytes.
const MOST: usize = 12_000;

/// Whether `text` may be a JWT: none may stand in a URL or be shown again.
/// Every JWT begins with `{"` in base64url.
pub fn may_be(text: &str) -> bool {
    text.contains("eyJ")
}

/// Reads a token as people paste one: alone, with `Bearer` or quotes around
/// it, broken into lines, or within the answer of the token endpoint.
///
/// # Errors
/// One sentence on what it is instead.
pub fn read(pasted: &str) -> Result<Jwt, &'static str> {
    let pasted = pasted.trim();
    let answer: Option<Value> =
        pasted.starts_with('{').then(|| serde_json::from_str(pasted).ok()).flatten();
    let within = answer.as_ref().and_then(|answer| answer.get("access_token")?.as_str());
    let text = within.unwrap_or(pasted);
    let text = text.trim_start_matches("Authorization:").trim_start();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    if text.is_empty() {
        return Err(en("Paste a token."));
    }
    if text.starts_with("csk_") {
        return Err(en(
            "This is a client secret and no token. If others may have seen it, revoke it.",
        ));
    }
    if text.len() > MOST {
        return Err(en("This is too long for a token."));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let (header, claims, signature) = match parts.as_slice() {
        [header, claims, signature] => (*header, *claims, *signature),
        [_, _, _, _, _] => {
            return Err(en(
                "This token is encrypted (JWE, five parts). Only its receiver can read it.",
            ));
        }
        [_] => {
            return Err(en("This has no parts: an opaque token, or something else than a token."));
        }
        _ => return Err(en("A signed JWT has three parts with dots between them. Is it whole?")),
    };
    let header = part(header).ok_or(en("Its header cannot be read. Is it whole?"))?;
    let claims = part(claims).ok_or(en("Its claims cannot be read. Is it whole?"))?;
    let is_signed = !signature.is_empty();
    Ok(Jwt { text, header, claims, is_signed })
}

impl Jwt {
    /// A text of the header.
    pub fn header(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of the claims.
    pub fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

fn part(text: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"alg":"none"}` and `{"sub":"x"}`.
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln";

    #[test]
    fn a_token_is_found_in_what_people_paste() {
        let answer = format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer"}}"#);
        let broken = format!(" {}\n  {} ", &TOKEN[..20], &TOKEN[20..]);
        let quoted = format!("\"{TOKEN}\"");
        let header = format!("Authorization: Bearer {TOKEN}");
        for pasted in [TOKEN, &answer, &broken, &quoted, &header] {
            let jwt = read(pasted).unwrap();
            assert_eq!((jwt.text.as_str(), jwt.claim("sub")), (TOKEN, "x"), "{pasted}");
            assert!(may_be(pasted));
        }
    }

    #[test]
    fn what_is_no_token_is_called_what_it_is() {
        for (pasted, word) in [
            ("", "Paste"),
            ("abc", "opaque"),
            ("a.b", "three parts"),
            ("a.b.c.d.e", "encrypted"),
            ("e30.x.y", "claims"),
            ("csk_abc", "secret"),
        ] {
            let why = read(pasted).err().unwrap();
            assert!(why.contains(word), "{pasted}: {why}");
        }
        let long = format!("{TOKEN}{}", "A".repeat(MOST));
        assert!(read(&long).is_err());
    }
}
