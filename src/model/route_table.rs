//! The routes of an API, ready to be looked up: a tree of the parts of paths.
use std::collections::BTreeMap;

use super::route::Route;

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
    }
}
