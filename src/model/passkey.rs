//! A passkey of somebody who signs in to the console (Web Authentication Level 3).
use super::text;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// How long a browser may take to answer a challenge.
pub const PATIENCE: Seconds = Seconds(10 * 60);

/// The most passkeys of one person.
pub const MOST: usize = 20;

#[derive(Clone, Debug)]
pub struct Passkey {
    /// `psk_` and a ULID.
    pub id: String,
    pub administrator_id: String,
    /// What the authenticator calls it.
    pub credential_id: Vec<u8>,
    /// Public key, counter and flags, as the library that verifies keeps them.
    pub credential: String,
    pub name: String,
    /// Who made the authenticator, as a UUID; empty when it does not say.
    pub aaguid: String,
    /// How it is reached, by the words of the standard, with spaces between.
    pub transports: String,
    pub created_at: UnixTime,
    pub last_used_at: Option<UnixTime>,
}

/// What a challenge was made for. An answer is good for that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    SecondFactor,
    Confirmation,
    /// The first factor of somebody who is not signed in yet.
    Enrolment,
    Registration,
}

impl Purpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SecondFactor => "second_factor",
            Self::Confirmation => "confirmation",
            Self::Enrolment => "enrolment",
            Self::Registration => "registration",
        }
    }
}

impl Passkey {
    /// What made it, or how it is reached; empty when nothing is known.
    pub fn kind(&self) -> String {
        let reached = || match self.transports.split(' ').next() {
            Some("internal") => "This device",
            Some("usb" | "nfc" | "ble" | "smart-card") => "Security key",
            Some("hybrid") => "Phone",
            _ => "",
        };
        provider(&self.aaguid).unwrap_or_else(reached).to_owned()
    }
}

/// Reads the name that somebody gave a passkey; of nothing, it is named after
/// what made it.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn read_name(text: &str, aaguid: &str) -> Result<String, String> {
    let name = text::line(text, 60)?;
    let usual = || provider(aaguid).unwrap_or("Passkey").to_owned();
    Ok(if name.is_empty() { usual() } else { name })
}

/// Who makes the authenticators of an AAGUID, for those that are met most.
pub fn provider(aaguid: &str) -> Option<&'static str> {
    PROVIDERS.iter().find(|(known, _)| *known == aaguid).map(|(_, name)| *name)
}

/// From the community's list (passkeydeveloper/passkey-authenticator-aaguids) and
/// the FIDO metadata of security keys.
const PROVIDERS: [(&str, &str); 23] = [
    ("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "Google Password Manager"),
    ("adce0002-35bc-c60a-648b-0b25f1f05503", "Chrome on Mac"),
    ("08987058-cadc-4b81-b6e1-30de50dcbe96", "Windows Hello"),
    ("9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "Windows Hello"),
    ("6028b017-b1d4-4c02-b4b3-afcdafc96bb2", "Windows Hello"),
    ("d3452668-01fd-4c12-926c-83a4204853aa", "Microsoft Password Manager"),
    ("fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "Apple Passwords"),
    ("dd4ec289-e01d-41c9-bb89-70fa845d4bf2", "iCloud Keychain (Managed)"),
    ("53414d53-554e-4700-0000-000000000000", "Samsung Pass"),
    ("bada5566-a7aa-401f-bd96-45619a55120d", "1Password"),
    ("d548826e-79b4-db40-a3d8-11116f7e8349", "Bitwarden"),
    ("531126d6-e717-415c-9320-3d9aa6981239", "Dashlane"),
    ("b84e4048-15dc-4dd0-8640-f4f60813c8af", "NordPass"),
    ("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6", "Keeper"),
    ("f3809540-7f14-49c1-a8b3-8f813b225541", "Enpass"),
    ("50726f74-6f6e-5061-7373-50726f746f6e", "Proton Pass"),
    ("b78a0a55-6ef8-d246-a042-ba0f6d55050c", "LastPass"),
    ("fdb141b2-5d84-443e-8a35-4698c205a502", "KeePassXC"),
    ("cb69481e-8ff7-4039-93ec-0a2729a154a8", "YubiKey 5"),
    ("ee882879-721c-4913-9775-3dfcce97072a", "YubiKey 5"),
    ("fa2b99dc-9e39-4257-8f92-4a30d23c4118", "YubiKey 5 NFC"),
    ("2fc0579f-8113-47ea-b116-bb5a8db9202a", "YubiKey 5 NFC"),
    ("c5ef55ff-ad9a-4b9f-b580-adebafe026d0", "YubiKey 5Ci"),
];

/// The AAGUID in the authenticator data of a new credential (§6.1: 37 bytes,
/// then 16 of it); `None` when it is all zeros: the authenticator does not say.
pub fn aaguid(authenticator_data: &[u8]) -> Option<String> {
    let bytes = authenticator_data.get(37..53)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return None;
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    Some(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_named_by_its_person_or_after_what_made_it() {
        let made_by = "d548826e-79b4-db40-a3d8-11116f7e8349";
        assert_eq!(read_name("  Work laptop ", made_by).as_deref(), Ok("Work laptop"));
        assert_eq!(read_name(" ", made_by).as_deref(), Ok("Bitwarden"));
        assert_eq!(read_name("", "").as_deref(), Ok("Passkey"));
        assert!(read_name(&"x".repeat(61), "").is_err());
        assert!(read_name("a\nb", "").is_err());
    }

    #[test]
    fn the_aaguid_is_read_where_the_standard_has_it() {
        let mut data = vec![9; 37];
        data.extend(0x10..0x20_u8);
        let found = aaguid(&data).unwrap();
        assert_eq!(found, "10111213-1415-1617-1819-1a1b1c1d1e1f");
        assert_eq!(aaguid(&[9; 52]), None);
        assert_eq!(aaguid(&[0; 60]), None);
    }
}
