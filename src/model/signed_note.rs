//! Signed notes (C2SP signed-note) and the two kinds of Ed25519 signatures that
//! a checkpoint has: the log's, and cosignatures with a time (C2SP
//! tlog-cosignature).
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a signature says besides that somebody signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Ed25519 over the text.
    Plain,
    /// Ed25519 over a time and the text: cosignature/v1.
    Timed,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Plain => 0x01,
            Self::Timed => 0x04,
        }
    }
}

/// A key to verify with, under the name that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    pub name: String,
    pub kind: Kind,
    pub public: [u8; 32],
}

/// A line below the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    /// The first four bytes of the hash of name, kind and key.
    pub id: [u8; 4],
    pub bytes: Vec<u8>,
}

/// A text and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Every line of it with its newline.
    pub text: String,
    pub signatures: Vec<Signature>,
}

/// What a valid signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid {
    /// Seconds since 1970, of a timed one.
    pub time: Option<u64>,
}

impl VerifierKey {
    /// What stands before each of its signatures.
    pub fn id(&self) -> [u8; 4] {
        let text = [self.name.as_bytes(), b"\n", &[self.kind.byte()], &self.public].concat();
        let hash = digest(&SHA256, &text);
        let [a, b, c, d, ..] = hash.as_ref() else { return [0; 4] };
        [*a, *b, *c, *d]
    }

    /// `name+id+key`, as tools take it.
    pub fn text(&self) -> String {
        let id = u32::from_be_bytes(self.id());
        let key = STANDARD.encode([&[self.kind.byte()], self.public.as_slice()].concat());
        format!("{}+{id:08x}+{key}", self.name)
    }

    /// # Errors
    /// The sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || format!("{text:?} is no verifier key: it looks like name+id+key");
        let (name, rest) = text.split_once('+').ok_or_else(wrong)?;
        let (id, key) = rest.split_once('+').ok_or_else(wrong)?;
        let key = STANDARD.decode(key).map_err(|_| wrong())?;
        let (kind, public) = key.split_first().ok_or_else(wrong)?;
        let kind = [Kind::Plain, Kind::Timed].into_iter().find(|known| known.byte() == *kind);
        let kind = kind.ok_or_else(|| format!("{text:?} is a key of a kind not known here"))?;
        let public = public.try_into().map_err(|_| wrong())?;
        let known = Self { name: name.to_owned(), kind, public };
        if !is_name(name) || known.text() != text || id.len() != 8 {
            return Err(format!("{text:?} is no verifier key: its parts do not belong together"));
        }
        Ok(known)
    }

    /// What of `note` this key says, when it signed it. A signature under its
    /// name and id that is wrong makes the whole note wrong: `Err`.
    ///
    /// # Errors
    /// `Forged`.
    pub fn verify(&self, note: &Note) -> Result<Option<Valid>, Forged> {
        let id = self.id();
        let mut own = note.signatures.iter().filter(|line| line.name == self.name && line.id == id);
        let Some(line) = own.next() else { return Ok(None) };
        let (time, signature) = match self.kind {
            Kind::Plain => (None, line.bytes.as_slice()),
            Kind::Timed => {
                let (time, rest) = line.bytes.split_first_chunk::<8>().ok_or(Forged)?;
                (Some(u64::from_be_bytes(*time)), rest)
            }
        };
        let message = match time {
            None => note.text.clone().into_bytes(),
            Some(time) => timed_message(time, &note.text),
        };
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(&message, signature)
            .map_err(|_| Forged)?;
        Ok(Some(Valid { time }))
    }

    /// The line for a signature of this key: over the text, or over
    /// [`timed_message`] with the time before it.
    pub fn line(&self, time: Option<u64>, signature: &[u8]) -> Signature {
        let mut bytes = time.map(|time| time.to_be_bytes().to_vec()).unwrap_or_default();
        bytes.extend(signature);
        Signature { name: self.name.clone(), id: self.id(), bytes }
    }
}

/// A note has a signature that its key did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signature is wrong")]
pub struct Forged;

/// What a timed signature is over.
pub fn timed_message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

impl Note {
    /// # Errors
    /// The sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("no signed note: {what}"));
        if text.len() > 64 * 1_024 || text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return wrong("it is too long or has control characters");
        }
        let Some(at) = text.rfind("\n\n") else { return wrong("no blank line") };
        let (body, lines) = text.split_at(at + 1);
        let lines = lines.strip_prefix('\n').unwrap_or_default();
        if !lines.ends_with('\n') {
            return wrong("no newline at the end");
        }
        let signatures: Option<Vec<_>> = lines.lines().map(Signature::parse).collect();
        match signatures {
            Some(signatures) if !signatures.is_empty() && signatures.len() <= 100 => {
                Ok(Self { text: body.to_owned(), signatures })
            }
            _ => wrong("a line below the text is no signature"),
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Signature {
    /// One line, without its newline.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, text) = line.strip_prefix("— ")?.split_once(' ')?;
        let all = STANDARD.decode(text).ok()?;
        let (id, bytes) = all.split_first_chunk::<4>()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            bytes: bytes.to_vec(),
        })
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = STANDARD.encode([self.id.as_slice(), &self.bytes].concat());
        write!(f, "— {} {text}", self.name)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn key(name: &str, kind: Kind, seed: u8) -> VerifierKey {
        let public = pair(seed).public_key().as_ref().try_into().unwrap();
        VerifierKey { name: name.to_owned(), kind, public }
    }

    /// The example of C2SP signed-note, made by another implementation.
    #[test]
    fn a_note_of_another_implementation_verifies() {
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\n\
                    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
                    KvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let (key, note) = (VerifierKey::parse(vkey).unwrap(), Note::parse(text).unwrap());
        assert_eq!(key.verify(&note), Ok(Some(Valid { time: None })));
        assert_eq!((key.text(), note.to_string()), (vkey.to_owned(), text.to_owned()));
        let changed = Note { text: note.text.replace("answer", "Answer"), ..note };
        assert_eq!(key.verify(&changed), Err(Forged));
    }

    #[test]
    fn a_timed_signature_is_of_its_time_and_no_other() {
        let key = key("witness.example/w", Kind::Timed, 1);
        let text = "log.example\n1\nAAAA\n".to_owned();
        let signature = pair(1).sign(&timed_message(1_700_000_000, &text));
        let line = key.line(Some(1_700_000_000), signature.as_ref());
        let note = Note { text, signatures: vec![line] };
        let note = Note::parse(&note.to_string()).unwrap();
        assert_eq!(key.verify(&note), Ok(Some(Valid { time: Some(1_700_000_000) })));
        for byte in 0..note.signatures[0].bytes.len() {
            let mut other = note.clone();
            other.signatures[0].bytes[byte] ^= 1;
            assert_eq!(key.verify(&other), Err(Forged), "{byte}");
        }
    }

    #[test]
    fn who_did_not_sign_says_nothing() {
        let (key, other) = (key("a", Kind::Plain, 1), key("b", Kind::Plain, 1));
        let text = "text\n".to_owned();
        let line = key.line(None, pair(1).sign(text.as_bytes()).as_ref());
        let note = Note { text, signatures: vec![line] };
        assert_eq!(key.verify(&note), Ok(Some(Valid { time: None })));
        assert_eq!(other.verify(&note), Ok(None));
        let timed = VerifierKey { kind: Kind::Timed, ..key };
        assert_eq!(timed.verify(&note), Ok(None));
    }

    #[test]
    fn what_is_no_note_or_no_key_is_refused() {
        let signed = "text\n\n— a AAAAAAE=\n";
        assert!(Note::parse(signed).is_ok());
        for bad in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n— a AAAA\n",
            "text\n\n- a AAAAAAE=\n",
            "text\n\n— a AAAAAAE=",
            "te\txt\n\n— a AAAAAAE=\n",
            "text\n\n— a+b AAAAAAE=\n",
        ] {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
        let good = key("a", Kind::Plain, 1).text();
        assert!(VerifierKey::parse(&good).is_ok());
        for bad in ["", "a", "a+00000000", &good.replacen('a', "b", 1), &good.replace("+A", "+C")] {
            assert!(VerifierKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
