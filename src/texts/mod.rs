//! What the console says, in other languages than English.
//!
//! English is written where it is used and is the key, as with gettext. A
//! catalogue translates it; what it leaves out stays English. Pure: others read
//! the files.
mod catalogue;
pub mod filters;
mod language;
mod plural;
mod po;
mod said;
mod text;

pub use catalogue::Catalogue;
pub use language::{Language, Texts};
pub use said::{Marked, Markup, Said, escaped};
pub use text::{Sentence, Text, Value, en};
