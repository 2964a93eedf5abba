//! The server as a relying party of Web Authentication Level 3: what it asks of
//! browsers, and whether what they answer is a proof. The only file that names
//! the library.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use ulid::Ulid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::config;
use crate::model::administrator::Administrator;
use crate::model::passkey::{self, PATIENCE, Passkey};

pub struct RelyingParty {
    library: Webauthn,
}

/// What a browser is asked.
pub struct Question {
    /// `PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON`.
    pub options: Value,
    /// What has to be kept, out of the browser's reach, until it answers.
    pub state: String,
}

/// A credential that an authenticator made.
pub struct Made {
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub aaguid: String,
    pub transports: String,
}

/// Whose passkey a browser says that it shows; nothing of it is proved.
pub struct Shown {
    pub credential_id: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
    answer: PublicKeyCredential,
}

/// Why an answer is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The counter of the authenticator went back (§6.1.1).
    Cloned,
    /// Everything else, in words for the log.
    Other(&'static str),
}

/// What the browser says of a new credential besides what is checked.
#[derive(Deserialize)]
struct Said {
    response: SaidOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaidOf {
    #[serde(default)]
    authenticator_data: String,
    #[serde(default)]
    transports: Vec<String>,
}

impl RelyingParty {
    /// # Errors
    /// The sentence for the operator: the origin is not of the domain.
    pub fn new(at: &config::Passkeys) -> Result<Self, String> {
        let builder = WebauthnBuilder::new(&at.domain, &at.origin);
        let library = builder.and_then(|builder| {
            let patience = u64::try_from(PATIENCE.0).unwrap_or(60);
            builder.rp_name("Countersign").timeout(Duration::from_secs(patience)).build()
        });
        Ok(Self { library: library.map_err(|error| error.to_string())? })
    }

    /// Asks for a new passkey: one that shows itself without a name being typed,
    /// and verifies its person.
    ///
    /// # Errors
    /// `Other`: the library does not take what is stored.
    pub fn ask_to_make(
        &self,
        person: &Administrator,
        known: &[Passkey],
    ) -> Result<Question, Wrong> {
        let handle = user_handle(&person.id).ok_or(Wrong::Other("an id of ours is no ULID"))?;
        let exclude = known.iter().map(|one| one.credential_id.clone()).collect();
        let (asked, state) = self.library.start_passkey_registration(
            Uuid::from_bytes(handle),
            &person.email,
            &person.name,
            Some(exclude),
        )?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(|_| UNREADABLE)?;
        if let Some(selection) = options.get_mut("authenticatorSelection") {
            selection["residentKey"] = "required".into();
            selection["requireResidentKey"] = true.into();
        }
        Ok(Question { options, state: keep(&state)? })
    }

    /// The credential that was made, if it is what was asked for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn made(&self, state: &str, answer: &str) -> Result<Made, Wrong> {
        let state: PasskeyRegistration = read(state)?;
        let given: RegisterPublicKeyCredential = read(answer)?;
        let passkey = self.library.finish_passkey_registration(&given, &state)?;
        let said: Said = read(answer)?;
        let data = URL_SAFE_NO_PAD.decode(&said.response.authenticator_data).unwrap_or_default();
        let word = |text: &String| {
            text.len() <= 20 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        };
        let transports: Vec<String> =
            said.response.transports.into_iter().filter(word).take(8).collect();
        Ok(Made {
            credential_id: passkey.cred_id().clone(),
            credential: keep(&passkey)?,
            aaguid: passkey::aaguid(&data).unwrap_or_default(),
            transports: transports.join(" "),
        })
    }

    /// Asks for a passkey of whoever is there.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn ask_anybody(&self) -> Result<Question, Wrong> {
        let (asked, state) = self.library.start_discoverable_authentication()?;
        let options = serde_json::to_value(&asked.public_key).map_err(|_| UNREADABLE)?;
        Ok(Question { options, state: keep(&state)? })
    }

    /// Whether the passkey shown is `known`, and signed what was asked of anybody.
    /// Returns the credential as it is after that.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn proves_who(&self, state: &str, shown: &Shown, known: &Passkey) -> Result<String, Wrong> {
        let state: DiscoverableAuthentication = read(state)?;
        // §7.2, step 6: who was not named before must be by the handle.
        if shown.user_handle.as_deref()
            != user_handle(&known.administrator_id).as_ref().map(<[u8; 16]>::as_slice)
        {
            return Err(Wrong::Other("another person's"));
        }
        let mut credential: webauthn_rs::prelude::Passkey = read(&known.credential)?;
        let result = self.library.finish_discoverable_authentication_v2(
            &shown.answer,
            state,
            &credential,
        )?;
        credential.update_credential(&result);
        keep(&credential)
    }

    /// Asks for one of the passkeys of a person.
    ///
    /// # Errors
    /// `Other`: the library does not take what is stored.
    pub fn ask_for(&self, known: &[Passkey]) -> Result<Question, Wrong> {
        let credentials: Result<Vec<webauthn_rs::prelude::Passkey>, Wrong> =
            known.iter().map(|one| read(&one.credential)).collect();
        let (asked, state) = self.library.start_passkey_authentication(&credentials?)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(|_| UNREADABLE)?;
        // How each is reached, so that the browser need not ask (§5.10.3).
        let listed = options.get_mut("allowCredentials").and_then(Value::as_array_mut);
        for (one, known) in listed.into_iter().flatten().zip(known) {
            let transports: Vec<&str> = known.transports.split_whitespace().collect();
            if !transports.is_empty() {
                one["transports"] = transports.into();
            }
        }
        Ok(Question { options, state: keep(&state)? })
    }

    /// Whether the passkey shown is `known`, and signed what was asked of its
    /// person. Returns the credential as it is after that.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn proves(&self, state: &str, shown: &Shown, known: &Passkey) -> Result<String, Wrong> {
        let state: PasskeyAuthentication = read(state)?;
        let handle = user_handle(&known.administrator_id);
        if shown.user_handle.as_deref().is_some_and(|said| handle.is_none_or(|own| own != said)) {
            return Err(Wrong::Other("another person's"));
        }
        let result = self.library.finish_passkey_authentication(&shown.answer, &state)?;
        let mut credential: webauthn_rs::prelude::Passkey = read(&known.credential)?;
        credential.update_credential(&result).ok_or(Wrong::Other("another passkey"))?;
        keep(&credential)
    }
}

impl Shown {
    /// Reads a browser's `AuthenticationResponseJSON`.
    pub fn read(answer: &str) -> Option<Self> {
        let answer: PublicKeyCredential = serde_json::from_str(answer).ok()?;
        Some(Self {
            credential_id: answer.raw_id.clone(),
            user_handle: answer.response.user_handle.clone(),
            answer,
        })
    }

    /// What its authenticator calls it, as text.
    pub fn called(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.credential_id)
    }
}

const UNREADABLE: Wrong = Wrong::Other("cannot be read");

fn keep(value: &impl serde::Serialize) -> Result<String, Wrong> {
    serde_json::to_string(value).map_err(|_| UNREADABLE)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    serde_json::from_str(text).map_err(|_| UNREADABLE)
}

/// What authenticators know a person by (§5.4.3): the bits of our id, which say
/// nothing about them.
fn user_handle(administrator_id: &str) -> Option<[u8; 16]> {
    let ulid = Ulid::from_string(administrator_id.strip_prefix("adm_")?).ok()?;
    Some(ulid.to_bytes())
}

impl From<WebauthnError> for Wrong {
    fn from(error: WebauthnError) -> Self {
        use WebauthnError as E;
        Self::Other(match error {
            E::CredentialPossibleCompromise => return Self::Cloned,
            E::InvalidClientDataType => "made for something else",
            E::MismatchedChallenge => "to another challenge",
            E::InvalidRPOrigin | E::CredentialCrossOrigin => "from another origin",
            E::InvalidRPIDHash => "for another domain",
            E::UserNotPresent => "without anybody there",
            E::UserNotVerified => "without its person being verified",
            E::AuthenticationFailure | E::SignatureInvalid => "signature wrong",
            E::CredentialNotFound => "of a passkey that was not asked for",
            E::CredentialBackupEligibilityInconsistent | E::CredentialMayNotBeHardwareBound => {
                "flags that contradict what was registered"
            }
            _ => "cannot be read",
        })
    }
}
