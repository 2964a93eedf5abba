//! The `application/x-www-form-urlencoded` request body, RFC 6749 Appendix B.
use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::{Code, Error};
use super::reason::Reason;

/// The parameters of one request. A parameter without a value counts as left
/// out; one we do not know is kept and ignored, RFC 6749 §3.2.
#[derive(Debug, Default)]
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Names that may come more than once: RFC 8707 §2, and our alias of it.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The most parameters that are read.
const MAX_PARAMETERS: usize = 64;

impl<'a> Form<'a> {
    /// Reads a body. Percent-escapes and UTF-8 are taken strictly, since a
    /// guess at what was meant would be a guess at a credential. A raw space
    /// is taken as itself: librdkafka sends one in `scope`.
    ///
    /// # Errors
    /// `invalid_request`: a malformed escape, bytes that are no UTF-8, a NUL,
    /// more than 64 parameters, or one given twice that may come only once.
    pub fn parse(body: &'a [u8]) -> Result<Self, Error> {
        let body = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(8);
        for pair in body.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if value.is_empty() {
                continue;
            }
            if pairs.len() == MAX_PARAMETERS {
                return Err(malformed("more than 64 parameters"));
            }
            let repeats = pairs.iter().any(|(known, _)| *known == name);
            if repeats && !REPEATABLE.contains(&name.as_ref()) {
                return Err(malformed("a parameter is given twice"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }
}

/// Decodes one `x-www-form-urlencoded` name or value.
///
/// # Errors
/// `invalid_request`: a `%` without two hexadecimal digits, escapes that are no
/// UTF-8, or a NUL.
pub fn decode(text: &str) -> Result<Cow<'_, str>, Error> {
    if text.bytes().all(|byte| byte != b'%' && byte != b'+' && byte != 0) {
        return Ok(Cow::Borrowed(text));
    }
    let well_formed = text.split('%').skip(1).all(|after| {
        after.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    if !well_formed {
        return Err(malformed("a percent-escape is malformed"));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| malformed("a percent-escape is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(malformed("a parameter holds a NUL"));
    }
    Ok(Cow::Owned(decoded.into_owned()))
}

fn malformed(why: &'static str) -> Error {
    Error::new(Code::InvalidRequest, Reason::RequestMalformed, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6749 §3.2.
    #[test]
    fn a_parameter_without_a_value_is_left_out() {
        let form = Form::parse(b"scope=&grant_type=client_credentials&resource").unwrap();
        assert_eq!(form.get("scope"), None);
        assert_eq!(form.get("resource"), None);
        assert_eq!(form.get("grant_type"), Some("client_credentials"));
    }

    #[test]
    fn only_resource_and_its_alias_may_come_twice() {
        assert!(Form::parse(b"scope=a&scope=a").is_err());
        assert!(Form::parse(b"unknown=a&unknown=b").is_err());
        let form = Form::parse(b"resource=a&resource=b").unwrap();
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_malformed_body_is_refused_not_guessed_at() {
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%ff", b"a=%00", b"a=\xff", b"a=\0"] {
            let error = Form::parse(bad).unwrap_err();
            assert_eq!(error.reason, Reason::RequestMalformed, "{bad:?}");
        }
    }

    /// librdkafka 2.16 sends `scope=a b`.
    #[test]
    fn a_raw_space_stands_for_itself() {
        for scope in [&b"scope=a b"[..], b"scope=a+b", b"scope=a%20b"] {
            assert_eq!(Form::parse(scope).unwrap().get("scope"), Some("a b"));
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn what_was_encoded_is_read_back(value in "[^\u{0}]{1,40}") {
            let body = format!("v={}", percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC));
            let form = Form::parse(body.as_bytes()).unwrap();
            prop_assert_eq!(form.get("v"), Some(value.as_str()));
        }
    }
}
