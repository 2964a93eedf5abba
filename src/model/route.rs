//! What the gate demands of a request: a method and a path, to scopes.
//!
//! Gate and API must not disagree about which path a request is for, or one
//! that needs much passes as one that needs little. So a path that could be
//! read in two ways is refused before anything is compared.
use std::collections::BTreeMap;

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

/// The routes of an API, ready to be looked up.
#[derive(Clone, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// By method; each has the routes for any method too.
    by_method: BTreeMap<String, matchit::Router<usize>>,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand<'t> {
    /// The API has no routes: any token for it will do.
    Nothing,
    Route(&'t Route),
    /// The API has routes, and none is this.
    NotListed,
}

impl RouteTable {
    /// # Errors
    /// Two routes that a request could not be told apart by, as a sentence.
    pub fn new(routes: Vec<Route>) -> Result<Self, String> {
        let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        methods.push(ANY);
        methods.sort_unstable();
        methods.dedup();
        let mut by_method = BTreeMap::new();
        for method in methods {
            by_method.insert(method.to_owned(), router(&routes, method)?);
        }
        Ok(Self { routes, by_method })
    }

    /// What a request for `path` needs. `path` is one that [`safe_path`] made.
    pub fn demand(&self, method: &str, path: &str) -> Demand<'_> {
        if self.routes.is_empty() {
            return Demand::Nothing;
        }
        let of = |method: &str| self.by_method.get(method);
        let router = of(method)
            // Whoever may GET may ask for the head of it, RFC 9110 §9.3.2.
            .or_else(|| of("GET").filter(|_| method == "HEAD"))
            .or_else(|| of(ANY));
        router
            .and_then(|router| router.at(path).ok())
            .and_then(|found| self.routes.get(*found.value))
            .map_or(Demand::NotListed, Demand::Route)
    }

    pub fn routes(&self) -> &[Route] {
        &self.routes
    }
}

const ANY: &str = "*";

/// The routes that count for `method`: its own, and those for any where it has
/// none of the same shape.
fn router(routes: &[Route], method: &str) -> Result<matchit::Router<usize>, String> {
    let mut router = matchit::Router::new();
    let mut shapes: BTreeMap<String, &Route> = BTreeMap::new();
    let own = routes.iter().enumerate().filter(|(_, route)| route.method == method);
    let any = routes.iter().enumerate().filter(|(_, r)| r.method == ANY && method != ANY);
    for (index, route) in own.chain(any) {
        let shape = shape(&route.path);
        match shapes.get(&shape) {
            Some(known) if known.method == route.method => {
                return Err(format!("{} and {} are the same path.", known.path, route.path));
            }
            Some(_) => continue,
            None => {}
        }
        router
            .insert(shape.clone(), index)
            .map_err(|_| format!("{} cannot stand beside the others.", route.path))?;
        shapes.insert(shape, route);
    }
    // Everything below a path includes the path, unless that stands for itself.
    for (index, route) in routes.iter().enumerate().rev() {
        let counts = route.method == method || route.method == ANY;
        if let Some((before, _)) = route.path.split_once("/{*").filter(|_| counts) {
            let before = if before.is_empty() { "/".to_owned() } else { shape(before) };
            let overridden =
                shapes.get(&shape(&route.path)).is_some_and(|r| r.method != route.method);
            if !overridden && !shapes.contains_key(&before) {
                router
                    .insert(before.clone(), index)
                    .map_err(|_| format!("{} cannot stand beside the others.", route.path))?;
                shapes.insert(before, route);
            }
        }
    }
    Ok(router)
}

/// A path with its names replaced by their places: two that differ in names
/// alone are the same.
fn shape(path: &str) -> String {
    let part = |(place, part): (usize, &str)| match part.strip_prefix('{') {
        Some(name) if name.starts_with('*') => "{*rest}".to_owned(),
        Some(_) => format!("{{p{place}}}"),
        None => part.to_owned(),
    };
    path.split('/').enumerate().map(part).collect::<Vec<_>>().join("/")
}

/// The path of a request's target, decoded once and without a slash at the end;
/// `None` when a server might read it as another: parts that are empty or dots,
/// encoded slashes, parameters after a semicolon, something encoded twice, or
/// what is no text.
pub fn safe_path(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next().filter(|path| path.len() <= 8_192)?;
    let below = path.strip_prefix('/')?;
    let below = below.strip_suffix('/').unwrap_or(below);
    if below.is_empty() {
        return (path.len() <= 2).then(|| "/".to_owned()).filter(|_| path == "/");
    }
    let mut safe = String::with_capacity(path.len());
    for part in below.split('/') {
        let decoded = percent_decode_str(part).decode_utf8().ok()?;
        let ambiguous = |c: char| c.is_control() || matches!(c, '/' | '\\' | ';' | '%');
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

    fn table(routes: &[(&str, &str, &str)]) -> RouteTable {
        let read = |(m, p, s): &(&str, &str, &str)| Route::read(m, p, s).unwrap();
        RouteTable::new(routes.iter().map(read).collect()).unwrap()
    }

    fn scopes(table: &RouteTable, method: &str, path: &str) -> String {
        match table.demand(method, path) {
            Demand::Nothing => "nothing".into(),
            Demand::NotListed => "not listed".into(),
            Demand::Route(route) => route.scopes.join(" "),
        }
    }

    #[test]
    fn the_closest_route_counts_whatever_the_order() {
        let mut lines = vec![
            ("GET", "/invoices", "list"),
            ("GET", "/invoices/{id}", "read"),
            ("GET", "/invoices/summary", "summary"),
            ("*", "/invoices/{id}/lines/{*rest}", "lines"),
            ("POST", "/invoices", "write"),
            ("*", "/{*rest}", "other"),
        ];
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            let table = table(&lines);
            for (method, path, expected) in [
                ("GET", "/invoices", "list"),
                ("HEAD", "/invoices", "list"),
                ("POST", "/invoices", "write"),
                ("GET", "/invoices/7", "read"),
                ("GET", "/invoices/summary", "summary"),
                ("DELETE", "/invoices/7", "other"),
                ("PUT", "/invoices/7/lines/1/2", "lines"),
                ("PUT", "/invoices/7/lines", "lines"),
                ("GET", "/", "other"),
                ("GET", "/elsewhere/deep", "other"),
            ] {
                assert_eq!(scopes(&table, method, path), expected, "{method} {path}");
            }
        }
    }

    /// A broad route for one method must not open what a close one for any
    /// method guards.
    #[test]
    fn a_close_route_for_any_method_beats_a_broad_one_for_this() {
        let table = table(&[("GET", "/{*rest}", "read"), ("*", "/admin/{*rest}", "admin")]);
        assert_eq!(scopes(&table, "GET", "/admin/users"), "admin");
        assert_eq!(scopes(&table, "GET", "/admin"), "admin");
        assert_eq!(scopes(&table, "GET", "/x"), "read");
        assert_eq!(scopes(&table, "POST", "/x"), "not listed");
    }

    #[test]
    fn of_one_path_the_route_of_the_method_counts() {
        let table = table(&[("*", "/a/{x}", "any"), ("GET", "/a/{y}", "get")]);
        assert_eq!(scopes(&table, "GET", "/a/1"), "get");
        assert_eq!(scopes(&table, "PUT", "/a/1"), "any");
        assert_eq!(scopes(&table, "PUT", "/b"), "not listed");
        assert_eq!(table.routes().len(), 2);
        assert_eq!(scopes(&RouteTable::default(), "GET", "/b"), "nothing");
    }

    #[test]
    fn two_routes_of_one_shape_are_refused() {
        let read = |path| Route::read("GET", path, "").unwrap();
        assert!(RouteTable::new(vec![read("/a/{x}"), read("/a/{y}")]).is_err());
        assert!(RouteTable::new(vec![read("/a"), read("/a/")]).is_err());
    }

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
