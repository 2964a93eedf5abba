//! Every API is a line with a colour that follows it through the console.

/// The class of the line of the API `identifier`.
pub fn class(identifier: &str) -> &'static str {
    match crc32fast::hash(identifier.as_bytes()) % 5 {
        0 => "l1",
        1 => "l2",
        2 => "l3",
        3 => "l4",
        _ => "l5",
    }
}
