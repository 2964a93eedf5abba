//! Every API is a line with a colour that follows it through the console.
use crate::model::grant::Access;
use crate::text;
use crate::texts::Text;

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

/// The scopes of a line, in words.
pub fn scopes_text(access: &Access) -> Text {
    match access {
        Access::All => text!("all current and future scopes"),
        Access::Scopes(names) => Text::data(names.join(" ")),
    }
}
