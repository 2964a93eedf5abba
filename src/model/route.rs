//! What the gate demands of a request: a method and a path, to scopes.
//!
//! Gate and API must not disagree about which path a request is for, or one
//! that needs much passes as one that needs little. So a path that could be
//! read in two ways is refused before anything is compared.
use percent_encoding::percent_decode_str;

use super::text::{FieldError, Fields};

/// A line of an API's route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` …, or `*` for any.
    pub method: String,
    /// `/invoices/{id}`; `{*rest}` at the end stands for everything below, and
    /// for the path before it.
    pub path: String,
    /// All of them are needed; in alphabetical order.
    pub scopes: Vec<String>,
}

/// The most routes of one API.
pub const MOST: usize = 1_000;

impl Route {
    /// Reads what a person typed; scopes are separated by spaces.
    ///
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(method: &str, path: &str, scopes: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let method = fields.take("method", read_method(method));
        let path = fields.take("path", read_path(path));
        let mut scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
        scopes.sort_unstable();
        scopes.dedup();
        if fields.errors.is_empty() {
            Ok(Self { method, path, scopes })
        } else {
            Err(fields.errors)
        }
    }
}

fn read_method(text: &str) -> Result<String, String> {
    let method = text.trim().to_ascii_uppercase();
    let is_word =
        (1..=20).contains(&method.len()) && method.bytes().all(|b| b.is_ascii_uppercase());
    if method == "*" || is_word {
        Ok(method)
    } else {
        Err("Enter a method such as GET, or * for any.".to_owned())
    }
}

fn read_path(text: &str) -> Result<String, String> {
    let path = text.trim();
    let wrong = || {
        "Enter a path such as /invoices/{id}: each part plain, or {a_name}; {*rest} may stand last."
            .to_owned()
    };
    let below = path.strip_prefix('/').filter(|_| path.len() <= 512).ok_or_else(wrong)?;
    let below = below.strip_suffix('/').unwrap_or(below);
    if below.is_empty() {
        return Ok("/".to_owned());
    }
    let parts: Vec<&str> = below.split('/').collect();
    for (place, part) in (1..).zip(&parts) {
        let fits = match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => match name.strip_prefix('*') {
                Some(rest) => place == parts.len() && is_name(rest),
                None => is_name(name),
            },
            None => is_plain(part),
        };
        if !fits {
            return Err(wrong());
        }
    }
    Ok(format!("/{below}"))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A part of a path that stands for itself and in which nothing is encoded.
fn is_plain(part: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()+,=:@".contains(&b);
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(allowed)
}

/// The path of a request's target, decoded once and without a slash at the end;
/// `None` when a server might read it as another: parts that are empty or dots,
/// encoded slashes, parameters after a semicolon, something encoded twice, or
/// what is no text. A fragment is never sent by who means well, and where the
/// path ends before one servers disagree.
pub fn safe_path(target: &str) -> Option<String> {
    let path = target.split('?').next().filter(|path| path.len() <= 8_192)?;
    let below = path.strip_prefix('/')?;
    let below = below.strip_suffix('/').unwrap_or(below);
    if below.is_empty() {
        return (path.len() <= 2).then(|| "/".to_owned()).filter(|_| path == "/");
    }
    let mut safe = String::with_capacity(path.len());
    for part in below.split('/') {
        let decoded = percent_decode_str(part).decode_utf8().ok()?;
        let ambiguous = |c: char| c.is_control() || matches!(c, '/' | '\\' | ';' | '%' | '#');
        if matches!(decoded.as_ref(), "" | "." | "..") || decoded.contains(ambiguous) {
            return None;
        }
        safe.push('/');
        safe.push_str(&decoded);
    }
    Some(safe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_path_or_method_is_refused() {
        for path in ["", "a", "/a//b", "/a/../b", "/a/{", "/a/{b}c", "/{*rest}/b", "/a%20b", "/a;b"]
        {
            assert!(Route::read("GET", path, "").is_err(), "{path}");
        }
        for method in ["", "GET POST", "G3T", "**"] {
            assert!(Route::read(method, "/", "").is_err(), "{method}");
        }
        assert_eq!(
            Route::read("get", " /a/ ", "b a b").unwrap(),
            Route { method: "GET".into(), path: "/a".into(), scopes: vec!["a".into(), "b".into()] }
        );
    }

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_none() {
        for (target, path) in [
            ("/", "/"),
            ("/a/b/", "/a/b"),
            ("/a?x=/../b", "/a"),
            ("/%61dmin", "/admin"),
            ("/a%20b", "/a b"),
            ("/caf%C3%A9", "/café"),
        ] {
            assert_eq!(safe_path(target).as_deref(), Some(path), "{target}");
        }
        for target in [
            "",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/%2E./b",
            "/a%2fb",
            "/a%5cb",
            "/a\\b",
            "/a;x=1",
            "/a%3bx",
            "/a%252fb",
            "/a%00",
            "/a%0a",
            "/%ff",
            "/a%c0%af",
            "/a%",
            "/a%zz",
            "/a#/../b",
            "/a%23",
            "/a\u{85}",
            "*",
            "http://x/a",
        ] {
            assert_eq!(safe_path(target), None, "{target}");
        }
    }

    proptest! {
        /// Whatever is sent, the path that is compared has no way up or around.
        #[test]
        fn a_safe_path_has_no_dots_and_no_empty_parts(target in "[/.%a2fFeE5cC;]{0,24}") {
            if let Some(path) = safe_path(&target) {
                prop_assert!(path.starts_with('/') && !path.contains("//") && !path.contains('%'));
                prop_assert!(!path.split('/').any(|part| part == "." || part == ".."));
                prop_assert_eq!(safe_path(&path), Some(path));
            }
        }
    }
}
