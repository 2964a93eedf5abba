//! Paths with a query.

/// The pairs that have a value, as the query of a URL.
pub fn query<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p String)>) -> String {
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// The shortest path that says it.
pub fn to(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
