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
///
/// The closest path that has a route for the method counts, read from the left:
/// a plain part before `{id}` before `{*rest}`. Of one path a method's own route
/// counts before that for any; HEAD without one of its own takes GET's, RFC 9110
/// §9.3.2. So `* /invoices/audit` holds whatever `GET /invoices/{id}` demands.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
    root: Node,
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

/// A tree of our own: `matchit` has one tree for all or one for each method,
/// where HEAD loses what GET demands elsewhere, and it refuses `/a/{id}` beside
/// `/a/{*rest}`.
#[derive(Clone, Debug, Default)]
struct Node {
    plain: BTreeMap<String, Node>,
    one: Option<Box<Node>>,
    /// Indexes of the routes that end here, and of those that end in a rest.
    here: Vec<usize>,
    rest: Vec<usize>,
}

const ANY: &str = "*";

impl RouteTable {
    /// # Errors
    /// Two routes that a request could not be told apart by, as a sentence.
    pub fn new(routes: Vec<Route>) -> Result<Self, String> {
        let mut root = Node::default();
        for (index, route) in routes.iter().enumerate() {
            let place = root.place(parts(&route.path));
            let known = place.iter().filter_map(|known| routes.get(*known));
            if let Some(known) = known.into_iter().find(|known| known.method == route.method) {
                return Err(format!("{} and {} are the same path.", known.path, route.path));
            }
            place.push(index);
        }
        Ok(Self { routes, root })
    }

    /// What a request for `path` needs. `path` is one that [`safe_path`] made.
    pub fn demand(&self, method: &str, path: &str) -> Demand<'_> {
        if self.routes.is_empty() {
            return Demand::Nothing;
        }
        let of_method = |indexes: &[usize]| {
            let of = |wanted: &str| {
                let mut routes = indexes.iter().filter_map(|index| self.routes.get(*index));
                routes.find(|route| route.method == wanted)
            };
            let of_get = || if method == "HEAD" { of("GET") } else { None };
            of(method).or_else(of_get).or_else(|| of(ANY))
        };
        self.root.find(parts(path), &of_method).map_or(Demand::NotListed, Demand::Route)
    }

    pub fn routes(&self) -> &[Route] {
        &self.routes
    }
}

impl Node {
    /// The indexes of the routes of a pattern; its names make no difference.
    fn place<'p>(&mut self, mut pattern: impl Iterator<Item = &'p str>) -> &mut Vec<usize> {
        match pattern.next() {
            None => &mut self.here,
            Some(part) if part.starts_with("{*") => &mut self.rest,
            Some(part) if part.starts_with('{') => self.one.get_or_insert_default().place(pattern),
            Some(part) => self.plain.entry(part.to_owned()).or_default().place(pattern),
        }
    }

    /// Goes back where a way leads to no route of the method. No node is seen
    /// twice, so the work is bounded by the table whatever the request.
    fn find<'t, 'p>(
        &'t self,
        mut path: impl Iterator<Item = &'p str> + Clone,
        of_method: &impl Fn(&[usize]) -> Option<&'t Route>,
    ) -> Option<&'t Route> {
        let closer = match path.next() {
            None => of_method(&self.here),
            Some(part) => {
                let plain = self.plain.get(part);
                let plain = plain.and_then(|node| node.find(path.clone(), of_method));
                plain.or_else(|| self.one.as_ref()?.find(path, of_method))
            }
        };
        closer.or_else(|| of_method(&self.rest))
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|part| !part.is_empty())
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

    /// A route for HEAD somewhere must not take GET's demands from HEAD elsewhere.
    #[test]
    fn head_takes_what_get_demands_wherever_it_has_no_route_of_its_own() {
        let table = table(&[
            ("HEAD", "/health", ""),
            ("GET", "/admin/{*rest}", "admin"),
            ("*", "/{*rest}", "read"),
        ]);
        assert_eq!(scopes(&table, "HEAD", "/admin/users"), "admin");
        assert_eq!(scopes(&table, "HEAD", "/health"), "");
        assert_eq!(scopes(&table, "HEAD", "/x"), "read");
    }

    #[test]
    fn one_part_stands_beside_all_that_follow_and_is_closer() {
        let table = table(&[
            ("GET", "/invoices/{id}", "read"),
            ("GET", "/invoices/{*rest}", "deep"),
            ("*", "/invoices/{id}/lines", "lines"),
        ]);
        assert_eq!(scopes(&table, "GET", "/invoices/7"), "read");
        assert_eq!(scopes(&table, "GET", "/invoices/7/x"), "deep");
        assert_eq!(scopes(&table, "GET", "/invoices/7/lines"), "lines");
        assert_eq!(scopes(&table, "GET", "/invoices"), "deep");
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

    /// What the tree must say, the slow way: all that fit, the closest of them.
    fn by_looking_at_each<'r>(routes: &'r [Route], method: &str, path: &str) -> Demand<'r> {
        let rank = |route: &Route| {
            let own = match route.method.as_str() {
                own if own == method => 0,
                "GET" if method == "HEAD" => 1,
                ANY => 2,
                _ => return None,
            };
            let (mut ranks, mut path) = (Vec::new(), parts(path));
            for pattern in parts(&route.path) {
                if pattern.starts_with("{*") {
                    // Below what ends where the path ends, and below `{id}`.
                    ranks.push(3);
                    return Some((ranks, own));
                }
                let part = path.next()?;
                match pattern.starts_with('{') {
                    true => ranks.push(2),
                    false if pattern == part => ranks.push(1),
                    false => return None,
                }
            }
            path.next().is_none().then_some((ranks, own))
        };
        let fit = routes.iter().filter_map(|route| Some((rank(route)?, route)));
        let closest = fit.min_by(|one, other| one.0.cmp(&other.0));
        match closest {
            _ if routes.is_empty() => Demand::Nothing,
            None => Demand::NotListed,
            Some((_, route)) => Demand::Route(route),
        }
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_looking_at_each_route_finds(
            typed in prop::collection::vec(
                ("GET|HEAD|POST|\\*", "(/(a|b|\\{x\\})){1,3}(/\\{\\*r\\})?|/\\{\\*r\\}"), 0..12,
            ),
            method in "GET|HEAD|POST|PUT",
            path in "(/(a|b|c)){1,4}|/",
        ) {
            let mut routes: Vec<Route> = Vec::new();
            for (method, path) in &typed {
                let route = Route::read(method, path, "").unwrap();
                let with = routes.iter().chain([&route]).cloned().collect();
                if RouteTable::new(with).is_ok() {
                    routes.push(route);
                }
            }
            let table = RouteTable::new(routes.clone()).unwrap();
            prop_assert_eq!(
                table.demand(&method, &path),
                by_looking_at_each(&routes, &method, &path)
            );
        }

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
