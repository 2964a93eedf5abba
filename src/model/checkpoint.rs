//! What the log says it contains: C2SP tlog-checkpoint.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::audit_chain::Hash;
use super::signed_note::{Forged, Kind, Note, VerifierKey};

/// How large a tree is and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: who says so.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// What is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// # Errors
    /// The sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.split_terminator('\n');
        let (origin, size, root) = (lines.next(), lines.next(), lines.next());
        let (Some(origin), Some(size), Some(root)) = (origin, size, root) else {
            return Err("no checkpoint: it has less than three lines".to_owned());
        };
        let number = size.parse().ok().filter(|number: &u64| number.to_string() == size);
        let hash = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok());
        match (number, hash) {
            (Some(size), Some(root))
                if !origin.is_empty() && lines.all(|line| !line.is_empty()) =>
            {
                Ok(Self { origin: origin.to_owned(), size, root })
            }
            _ => Err("no checkpoint: origin, size and root hash are expected".to_owned()),
        }
    }
}

/// A checkpoint with the names below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub checkpoint: Checkpoint,
    pub note: Note,
}

impl SignedCheckpoint {
    /// # Errors
    /// The sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let note = Note::parse(text)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// The key among `keys` that signed it as the log that it names, and when:
    /// seconds since 1970, if it says so.
    ///
    /// # Errors
    /// `Forged`: under one of these keys' names stands what it did not sign.
    pub fn signer<'a>(
        &self,
        keys: &'a [VerifierKey],
    ) -> Result<Option<(&'a VerifierKey, Option<u64>)>, Forged> {
        let mut found = None;
        for key in keys.iter().filter(|key| key.name == self.checkpoint.origin) {
            if key.verify(&self.note)?.is_some() {
                let timed = VerifierKey { kind: Kind::Timed, ..key.clone() };
                let time = timed.verify(&self.note)?.and_then(|valid| valid.time);
                found = found.or(Some((key, time)));
            }
        }
        Ok(found)
    }

    /// Whether both signatures of `key` that a log makes are there: a plain one,
    /// and one with the time.
    pub fn is_signed_twice(&self, key: &VerifierKey) -> bool {
        [Kind::Plain, Kind::Timed].into_iter().all(|kind| {
            let key = VerifierKey { kind, ..key.clone() };
            matches!(key.verify(&self.note), Ok(Some(_)))
        })
    }
}

impl std::fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.note.fmt(f)
    }
}

/// The name of the log of an issuer: its URL without the scheme, since names
/// have neither spaces nor plus signs. A log that had to be begun anew has the
/// number of its beginning after it, from the second on.
pub fn origin(issuer: &str, generation: i64) -> String {
    let name = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    let name = name.trim_end_matches('/').replace('+', "%2B");
    if generation > 1 {
        format!("{name}/audit/tlog/{generation}")
    } else {
        format!("{name}/audit/tlog")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_as_it_is_written() {
        let checkpoint = Checkpoint { origin: "a.example/log".into(), size: 7, root: [3; 32] };
        let text = checkpoint.text();
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint.clone()));
        assert_eq!(Checkpoint::parse(&format!("{text}extension\n")), Ok(checkpoint));
        for bad in ["", "a\n", "a\n7\n", "a\n07\nAAAA\n", "a\n-1\nAAAA\n"] {
            assert!(Checkpoint::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Checkpoint::parse(&text.replace("\n7\n", "\n07\n")).is_err());
        assert!(Checkpoint::parse(&text.replace("\n7\n", "\n+7\n")).is_err());
    }

    #[test]
    fn a_log_is_named_after_its_issuer() {
        assert_eq!(origin("https://auth.example.com", 1), "auth.example.com/audit/tlog");
        assert_eq!(origin("https://a.example/t+1/", 2), "a.example/t%2B1/audit/tlog/2");
    }
}
