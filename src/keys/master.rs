//! The master key: seals private keys at rest, so that a copy of the database
//! signs nothing.
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use super::Error;
use crate::config;
use crate::host::Entropy;

/// 256 bits, never printed.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Bytes of a nonce of AES-GCM, which stand before what they sealed.
const NONCE: usize = 12;

impl MasterKey {
    /// Reads the master key. When its file is missing and `may_create`, makes
    /// one that only its owner can read.
    ///
    /// # Errors
    /// `MasterKey`: the file cannot be read or made, or does not hold 64
    /// hexadecimal digits.
    pub fn load(
        place: &config::MasterKey,
        may_create: bool,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        match place {
            config::MasterKey::Value(value) => Self::parse(&value.0, "COUNTERSIGN_MASTER_KEY"),
            config::MasterKey::File(path) => {
                let name = path.display().to_string();
                match File::open(path) {
                    Ok(mut file) => {
                        let mut text = Zeroizing::new(String::new());
                        file.read_to_string(&mut text)
                            .map_err(|error| Error::MasterKey(format!("{name}: {error}")))?;
                        Self::parse(&text, &name)
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound && may_create => {
                        Self::create(path, entropy)
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Err(Error::MasterKey(format!(
                            "no master key: put 64 hexadecimal digits into {name} or \
                             COUNTERSIGN_MASTER_KEY, the same for every server of this database"
                        )))
                    }
                    Err(error) => Err(Error::MasterKey(format!("{name}: {error}"))),
                }
            }
        }
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let malformed =
            || Error::MasterKey(format!("{name}: a master key is 64 hexadecimal digits"));
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let mut key = Zeroizing::new([0; 32]);
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| malformed())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok(Self(key))
    }

    fn create(path: &Path, entropy: &Entropy) -> Result<Self, Error> {
        let failed = |error| Error::MasterKey(format!("{}: {error}", path.display()));
        let key = Self::from_bytes(entropy.bytes());
        let digits: Zeroizing<String> =
            Zeroizing::new(key.0.iter().map(|byte| format!("{byte:02x}")).collect());
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = match made {
            // Another process made it at the same moment: its key is the key.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                std::thread::sleep(std::time::Duration::from_millis(100));
                let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
                return Self::parse(&text, &path.display().to_string());
            }
            other => other.map_err(failed)?,
        };
        writeln!(file, "{}", *digits).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(key)
    }

    /// Encrypts `plain`; it opens only together with `name`.
    pub fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::Crypto("sealing");
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.as_slice()).map_err(failed)?;
        let mut text = Zeroizing::new(plain.to_vec());
        let nonce =
            key.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut *text).map_err(failed)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// # Errors
    /// `Sealed`: `name`, the sealed bytes or the master key is another.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let failed = || Error::Sealed(name.to_owned());
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.as_slice()).map_err(|_| failed())?;
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut text = Zeroizing::new(text.to_vec());
        let plain = key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text)
            .map_err(|_| failed())?
            .len();
        text.truncate(plain);
        Ok(text)
    }

    /// A key for one other purpose, from which this one cannot be had.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 64]>, Error> {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                64
            }
        }
        let failed = |_| Error::Crypto("deriving");
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign").extract(self.0.as_slice());
        let mut key = Zeroizing::new([0; 64]);
        secret
            .expand(&[purpose.as_bytes()], Length)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .map_err(failed)?;
        Ok(key)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_sealed_opens_only_under_the_same_key_and_name() {
        let key = MasterKey::from_bytes([1; 32]);
        let sealed = key.seal("kid-1", b"private").unwrap();
        assert_eq!(key.open("kid-1", &sealed).unwrap().as_slice(), b"private");
        assert!(key.open("kid-2", &sealed).is_err());
        assert!(MasterKey::from_bytes([2; 32]).open("kid-1", &sealed).is_err());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(key.open("kid-1", &changed).is_err());
        assert!(key.open("kid-1", &sealed[..5]).is_err());
        assert!(!sealed.windows(7).any(|part| part == b"private"));
    }

    #[test]
    fn a_missing_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let place = config::MasterKey::File(path.clone());

        assert!(MasterKey::load(&place, false, &Entropy::System).is_err());
        let made = MasterKey::load(&place, true, &Entropy::System).unwrap();
        let read = MasterKey::load(&place, false, &Entropy::System).unwrap();

        assert_eq!(made.0, read.0);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
