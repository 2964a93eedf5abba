//! Private keys that never leave a PKCS#11 token: made there, used there. What
//! PKCS#11 calls a token is an `Hsm` here, where tokens are something else.
//!
//! A key's `CKA_ID` is the thumbprint that its `kid` writes down, so a key that is
//! out of use is found there although its row has forgotten it.
mod objects;

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Refusal, RvError};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::Error;
use super::public::Public;
use crate::config;
use crate::oauth::algorithm::Algorithm;

/// A module is initialised once in a process, and stays.
static MODULES: LazyLock<Mutex<HashMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);

/// A token that was found and let us in.
pub struct Hsm {
    module: Pkcs11,
    label: String,
    pin: AuthPin,
    /// A token locks itself after a few wrong PINs: ours is not shown again.
    refused: AtomicBool,
    idle: Mutex<Vec<Open>>,
    /// What was destroyed, or was never there.
    gone: Mutex<HashSet<String>>,
}

/// A session, and the keys that were found in it.
struct Open {
    session: Session,
    keys: HashMap<Vec<u8>, ObjectHandle>,
}

/// A key in the token.
pub struct HsmKey {
    hsm: Arc<Hsm>,
    pub(super) id: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) public: Public,
}

impl HsmKey {
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.hsm.sign(&self.id, self.algorithm, message);
        // Whoever asked hears only that there was no signature.
        signed.inspect_err(|error| tracing::error!(%error, "hsm.signing_failed"))
    }
}

impl Hsm {
    /// Opens the token, if one is configured. Changes nothing.
    ///
    /// # Errors
    /// `Hsm`: one sentence that says what is wrong with which setting.
    pub fn configured(place: Option<&config::Pkcs11>) -> Result<Option<Arc<Self>>, Error> {
        let Some(place) = place else { return Ok(None) };
        let hsm = Self {
            pin: pin(&place.pin_file)?,
            module: module(&place.module)?,
            label: place.token.clone(),
            refused: AtomicBool::new(false),
            idle: Mutex::default(),
            gone: Mutex::default(),
        };
        let open = hsm.open()?;
        lock(&hsm.idle).push(open);
        Ok(Some(Arc::new(hsm)))
    }

    /// The algorithms that the token makes keys for.
    pub fn algorithms(&self) -> Result<Vec<Algorithm>, Error> {
        let slot = self.slot()?;
        let mut algorithms = Vec::new();
        for algorithm in Algorithm::ALL {
            if self.has(slot, algorithm)? {
                algorithms.push(algorithm);
            }
        }
        Ok(algorithms)
    }

    fn has(&self, slot: Slot, algorithm: Algorithm) -> Result<bool, Error> {
        for mechanism in objects::needed(algorithm) {
            match self.module.get_mechanism_info(slot, mechanism) {
                Ok(_) => {}
                Err(Refusal::Pkcs11(RvError::MechanismInvalid, _)) => return Ok(false),
                Err(error) => return Err(told(&error)),
            }
        }
        Ok(true)
    }

    /// Makes a key that cannot be read from the token.
    pub(super) fn make(self: &Arc<Self>, algorithm: Algorithm) -> Result<HsmKey, Error> {
        if !self.has(self.slot()?, algorithm)? {
            return Err(Error::NotInHsm(algorithm));
        }
        self.with_session(|open| {
            let session = &open.session;
            let (public, private) = objects::generate(session, algorithm)?;
            let named = objects::name(session, (public, private), algorithm);
            if named.is_err() {
                let _ = (session.destroy_object(public), session.destroy_object(private));
            }
            let (id, public) = named?;
            open.keys.insert(id.clone(), private);
            Ok(HsmKey { hsm: self.clone(), id, algorithm, public })
        })
    }

    /// The key of this id, with the public half that the token has of it.
    pub(super) fn find(self: &Arc<Self>, id: &[u8], algorithm: Algorithm) -> Result<HsmKey, Error> {
        self.with_session(|open| {
            // Both halves: a key that cannot sign is not there.
            open.private(id)?;
            let handle = objects::one(&open.session, ObjectClass::PUBLIC_KEY, id)?;
            let public = objects::read_public(&open.session, handle, algorithm)?;
            Ok(HsmKey { hsm: self.clone(), id: id.to_vec(), algorithm, public })
        })
    }

    fn sign(&self, id: &[u8], algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.with_session(|open| {
            let key = open.private(id)?;
            objects::sign(&open.session, key, algorithm, message)
        })
    }

    /// Destroys both halves of a key, if they are there.
    pub(super) fn destroy(&self, kid: &str) -> Result<(), Error> {
        if lock(&self.gone).contains(kid) {
            return Ok(());
        }
        let id = URL_SAFE_NO_PAD.decode(kid).map_err(|_| Error::Crypto("reading a kid"))?;
        let count = self.with_session(|open| {
            let found = open.session.find_objects(&[Attribute::Id(id.clone())]);
            let found = found.map_err(|error| told(&error))?;
            for object in &found {
                open.session.destroy_object(*object).map_err(|error| told(&error))?;
            }
            Ok(found.len())
        })?;
        if count > 0 {
            tracing::info!(kid, "signing_key.destroyed");
        }
        lock(&self.gone).insert(kid.to_owned());
        Ok(())
    }

    /// Works in an idle session; when that fails, once more in a new one: the
    /// token may have been taken out, or somebody logged out.
    fn with_session<T>(&self, work: impl Fn(&mut Open) -> Result<T, Error>) -> Result<T, Error> {
        let idle = lock(&self.idle).pop();
        if let Some(mut open) = idle {
            match work(&mut open) {
                Ok(done) => {
                    lock(&self.idle).push(open);
                    return Ok(done);
                }
                Err(error) => {
                    tracing::warn!(%error, "hsm.session_lost");
                    // None of the others is any better. Once all are closed, the
                    // token asks for the PIN again.
                    let others = std::mem::take(&mut *lock(&self.idle));
                    drop((open, others));
                }
            }
        }
        let mut open = self.open()?;
        let done = work(&mut open)?;
        lock(&self.idle).push(open);
        Ok(done)
    }

    fn open(&self) -> Result<Open, Error> {
        let refused = |why: &str| {
            Error::Hsm(format!("COUNTERSIGN_PKCS11_PIN_FILE: the PKCS#11 token refuses it: {why}"))
        };
        if self.refused.load(Ordering::Relaxed) {
            return Err(refused("it did before, and is not asked again"));
        }
        let session = self.module.open_rw_session(self.slot()?).map_err(|error| told(&error))?;
        match session.login(UserType::User, Some(&self.pin)) {
            Ok(()) | Err(Refusal::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Refusal::Pkcs11(
                error @ (RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked),
                _,
            )) => {
                self.refused.store(true, Ordering::Relaxed);
                return Err(refused(&format!("{error:?}")));
            }
            Err(error) => return Err(told(&error)),
        }
        Ok(Open { session, keys: HashMap::new() })
    }

    /// Where the token is now.
    fn slot(&self) -> Result<Slot, Error> {
        let slots = self.module.get_slots_with_token().map_err(|error| told(&error))?;
        let labelled = |slot: &Slot| {
            let token = self.module.get_token_info(*slot);
            token.is_ok_and(|token| token.label().trim_end() == self.label)
        };
        match slots.into_iter().filter(labelled).collect::<Vec<_>>().as_slice() {
            [slot] => Ok(*slot),
            [] => Err(Error::Hsm(format!(
                "COUNTERSIGN_PKCS11_TOKEN: the module has no token labelled {:?}",
                self.label
            ))),
            _ => Err(Error::Hsm(format!(
                "COUNTERSIGN_PKCS11_TOKEN: the module has several tokens labelled {:?}",
                self.label
            ))),
        }
    }
}

impl Open {
    fn private(&mut self, id: &[u8]) -> Result<ObjectHandle, Error> {
        if let Some(handle) = self.keys.get(id) {
            return Ok(*handle);
        }
        let handle = objects::one(&self.session, ObjectClass::PRIVATE_KEY, id)?;
        self.keys.insert(id.to_vec(), handle);
        Ok(handle)
    }
}

fn module(path: &Path) -> Result<Pkcs11, Error> {
    let failed = |error: Refusal| {
        Error::Hsm(format!("COUNTERSIGN_PKCS11_MODULE: {}: {}", path.display(), flat(&error)))
    };
    let mut modules = lock(&MODULES);
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(failed)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Refusal::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error)),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

/// The PIN in a file that only its owner reads.
fn pin(path: &Path) -> Result<AuthPin, Error> {
    let name = path.display();
    let failed = |why: String| Error::Hsm(format!("COUNTERSIGN_PKCS11_PIN_FILE: {name}: {why}"));
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(failed("it can be read by others: chmod 600 it".to_owned()));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(1_024).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(failed("it is empty".to_owned())),
        pin => Ok(AuthPin::new(pin.into())),
    }
}

fn told(error: &Refusal) -> Error {
    Error::Hsm(format!("PKCS#11: {}", flat(error)))
}

/// The short name: the library's texts are paragraphs of the specification.
fn flat(error: &Refusal) -> String {
    match error {
        Refusal::Pkcs11(error, function) => format!("{function:?} says {error:?}"),
        other => other.to_string(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
