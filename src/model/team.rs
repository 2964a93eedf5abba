//! People who care for applications together.
use super::text;
use crate::oauth::UnixTime;

/// A named set of administrators.
#[derive(Clone, Debug)]
pub struct Team {
    /// `team_` and a ULID.
    pub id: String,
    pub name: String,
    pub created_at: UnixTime,
    /// Counts up with each edit; an edit names the one it was made from.
    pub version: i64,
}

/// Reads the name of a team.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn read_name(text: &str) -> Result<String, String> {
    text::required_line(text, 100, "a name")
}
