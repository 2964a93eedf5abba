//! Bearer tokens in requests, RFC 6750.

/// What an `Authorization` header says to a protected endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// None at all, or another scheme: the challenge names no error, §3.1.
    Absent,
    /// `Bearer` without one well-formed token after it.
    Malformed,
    Token(&'a str),
}

/// Reads `Authorization: Bearer <token>`: the scheme in any case, one or more
/// spaces and never a tab (Keycloak CVE-2026-0707), then a `b64token`.
pub fn read(header: Option<&[u8]>) -> Authorization<'_> {
    let Some(text) = header.and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Authorization::Absent;
    };
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Authorization::Absent;
    }
    let token = rest.trim_start_matches(' ');
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(allowed) {
        return Authorization::Malformed;
    }
    Authorization::Token(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_with_spaces_and_no_tab() {
        assert_eq!(read(Some(b"bEaReR   a.b-c")), Authorization::Token("a.b-c"));
        assert_eq!(read(Some(b"Bearer\ta")), Authorization::Absent);
        assert_eq!(read(Some(b"Bearer a b")), Authorization::Malformed);
        assert_eq!(read(Some(b"Bearer")), Authorization::Malformed);
        assert_eq!(read(Some(b"Basic a")), Authorization::Absent);
        assert_eq!(read(None), Authorization::Absent);
    }
}
