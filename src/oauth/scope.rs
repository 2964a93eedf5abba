//! Scopes, RFC 6749 §3.3.
use std::collections::BTreeSet;

use super::error::{Code, Error};
use super::reason::Reason;

/// One scope-token: `1*( %x21 / %x23-5B / %x5D-7E )`, RFC 6749 §3.3, of at
/// most [`ScopeToken::MAX_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeToken(String);

/// A set of scope-tokens. The order a client writes them in has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(BTreeSet<ScopeToken>);

/// The most scope-tokens one request may name.
const MAX_TOKENS: usize = 100;

/// The longest `scope` parameter that is read.
const MAX_BYTES: usize = 4_096;

impl ScopeToken {
    pub const MAX_BYTES: usize = 128;

    /// # Errors
    /// `invalid_scope` when `text` is empty, too long, or has a character
    /// outside the grammar.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(malformed("scope has a character that is not allowed"));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(malformed("a scope is longer than 128 bytes"));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ScopeSet {
    /// Reads the `scope` parameter: tokens separated by single spaces. One
    /// that comes twice counts once.
    ///
    /// # Errors
    /// `invalid_scope`: two spaces together, a space at an end, more than 100
    /// tokens or 4,096 bytes, or a token outside the grammar.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(malformed("scope is longer than 4096 bytes"));
        }
        if text.split(' ').count() > MAX_TOKENS {
            return Err(malformed("scope names more than 100 scopes"));
        }
        text.split(' ').map(ScopeToken::parse).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn contains(&self, token: &ScopeToken) -> bool {
        self.0.contains(token)
    }

    pub fn iter(&self) -> impl Iterator<Item = &ScopeToken> {
        self.0.iter()
    }

    /// The tokens of `self` that `allowed` lacks.
    #[must_use]
    pub fn beyond(&self, allowed: &Self) -> Self {
        Self(self.0.difference(&allowed.0).cloned().collect())
    }

    /// The tokens that both have.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }
}

impl FromIterator<ScopeToken> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeToken>>(tokens: I) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl std::fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, token) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { " " }, token.0)?;
        }
        Ok(())
    }
}

fn malformed(why: &'static str) -> Error {
    Error::new(Code::InvalidScope, Reason::ScopeMalformed, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6749 §3.3: the edges of the three ranges.
    #[test]
    fn a_scope_token_has_only_the_characters_of_the_grammar() {
        for good in ["!", "#", "[", "]", "~", "a:b/c.d"] {
            assert!(ScopeToken::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "\"", "\\", "a b", "\u{7f}", "é", "a\0"] {
            assert!(ScopeToken::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_scope_named_twice_counts_once_and_order_has_no_meaning() {
        let scope = ScopeSet::parse("b a b").unwrap();
        assert_eq!(scope, ScopeSet::parse("a b").unwrap());
        assert_eq!(scope.to_string(), "a b");
    }

    #[test]
    fn spaces_stand_single_and_between_tokens_only() {
        for bad in [" a", "a ", "a  b", " "] {
            assert!(ScopeSet::parse(bad).is_err(), "{bad:?}");
        }
    }

    /// Keycloak CVE-2026-4634: a huge `scope` must cost nothing.
    #[test]
    fn ten_thousand_scopes_are_refused() {
        let many = vec!["a"; 10_000].join(" ");
        assert_eq!(ScopeSet::parse(&many).unwrap_err().code, Code::InvalidScope);
    }

    proptest! {
        #[test]
        fn what_is_within_and_what_is_beyond_make_the_whole(
            a in "[a-e]( [a-e]){0,6}", b in "[a-e]( [a-e]){0,6}",
        ) {
            let (a, b) = (ScopeSet::parse(&a).unwrap(), ScopeSet::parse(&b).unwrap());
            prop_assert!(a.within(&b).beyond(&b).is_empty());
            prop_assert_eq!(a.within(&b).len() + a.beyond(&b).len(), a.len());
        }
    }
}
