//! What keeps passkeys: a security key in software, which does what it is told,
//! also when it should not (Web Authentication Level 3, §6).
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub struct Authenticator {
    key: EcdsaKeyPair,
    credential_id: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub counter: u32,
    /// How much the counter grows with each use; synchronised passkeys have none.
    pub step: u32,
    /// Where the browser says that it is.
    pub origin: String,
    pub domain: String,
    /// Whether its person shows a finger, a face or a PIN.
    pub verifies: bool,
    /// What it says that it signs.
    pub kind: &'static str,
    /// Who made it.
    pub aaguid: [u8; 16],
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

impl Authenticator {
    /// In a browser that is at the console.
    pub fn at_hand() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let credential_id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        Self {
            key,
            credential_id,
            user_handle: Vec::new(),
            counter: 0,
            step: 1,
            origin: super::ISSUER.to_owned(),
            domain: "issuer.example".to_owned(),
            verifies: true,
            kind: "webauthn.get",
            aaguid: [0; 16],
        }
    }

    fn client_data(&self, kind: &str, question: &Value) -> Vec<u8> {
        json!({
            "type": kind,
            "challenge": question["publicKey"]["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
        .into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { 0x04 } else { 0 };
        let mut data = digest(&SHA256, self.domain.as_bytes()).as_ref().to_vec();
        data.push(flags | 0x01 | verified);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Makes the passkey that is asked for, and returns what the script would
    /// send: `RegistrationResponseJSON`.
    pub fn make(&mut self, question: &Value) -> String {
        self.user_handle = decode(&question["publicKey"]["user"]["id"]);
        let point = self.key.public_key().as_ref();
        let mut data = self.data(0x40);
        data.extend(self.aaguid);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        // COSE: EC2, ES256, P-256, x, y.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": encode(self.client_data("webauthn.create", question)),
                "attestationObject": encode(object),
                "authenticatorData": encode(data),
                "transports": ["usb", "nfc"],
            },
        })
        .to_string()
    }

    /// Shows the passkey: `AuthenticationResponseJSON`.
    pub fn show(&mut self, question: &Value) -> String {
        self.counter += self.step;
        let client_data = self.client_data(self.kind, question);
        let data = self.data(0);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data),
                "authenticatorData": encode(data),
                "signature": encode(signature),
                "userHandle": encode(&self.user_handle),
            },
        })
        .to_string()
    }
}
