//! What it is that the database cannot do, as far as its words tell.
use super::Error;

/// Why something could not be read or written, told apart by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Somebody else holds a lock for too long: wait.
    Locked,
    /// There is no space left: make some. What is stored is whole.
    Full,
    /// The disk does not read or write, or what is on it cannot be right.
    Broken,
    /// It is not there, does not answer, or refuses.
    Away,
}

/// What `SQLite` and PostgreSQL say. Codes would be better; Diesel keeps them
/// to itself.
const WORDS: [(Fault, &[&str]); 3] = [
    (
        Fault::Locked,
        &[
            "is locked",
            "lock timeout",
            "statement timeout",
            "no answer within",
            "deadlock detected",
        ],
    ),
    (Fault::Full, &["disk is full", "no space left"]),
    (
        Fault::Broken,
        &[
            "disk i/o error",
            "malformed",
            "not a database",
            "input/output error",
            "could not fsync",
            "could not read block",
            "invalid page",
        ],
    ),
];

impl Error {
    pub fn fault(&self) -> Fault {
        let Self::Unavailable(why) = self else { return Fault::Away };
        let why = why.to_lowercase();
        let says = |words: &&(Fault, &[&str])| words.1.iter().any(|word| why.contains(word));
        WORDS.iter().find(says).map_or(Fault::Away, |(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_databases_say_is_told_apart() {
        for (text, fault) in [
            ("database is locked", Fault::Locked),
            ("canceling statement due to lock timeout", Fault::Locked),
            ("database or disk is full", Fault::Full),
            ("could not extend file \"base/5/16\": No space left on device", Fault::Full),
            ("disk I/O error", Fault::Broken),
            ("database disk image is malformed", Fault::Broken),
            ("unable to open database file", Fault::Away),
            ("server closed the connection unexpectedly", Fault::Away),
        ] {
            assert_eq!(Error::Unavailable(text.to_owned()).fault(), fault, "{text}");
        }
        assert_eq!(Error::Conflict("disk is full".to_owned()).fault(), Fault::Away);
    }
}
