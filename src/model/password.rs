//! Passwords of people: Argon2id, with the salt as an argument.
use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use zeroize::Zeroizing;

/// A password as it was typed. Not printed, wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Fewest characters, OWASP ASVS 5.0 §6.2.1.
pub const MIN_CHARACTERS: usize = 15;
/// Most bytes, so that hashing has a bound.
pub const MAX_BYTES: usize = 1_024;

/// A hash that no password matches, so that an account nobody has, or one without
/// a password, costs as much as a wrong password.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                          AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The decimal logarithm of the guesses that a password must withstand.
const MIN_GUESSES_LOG10: f64 = 10.0;

/// 19 MiB, two passes, one lane: OWASP's first choice for Argon2id.
const PARAMS: (u32, u32, u32) = (19 * 1_024, 2, 1);

impl Password {
    /// Takes a password that someone chooses. No rules of composition; what
    /// counts is length (OWASP ASVS 5.0 §6.2.5).
    ///
    /// # Errors
    /// The sentence for the person who typed it.
    pub fn choose(text: &str) -> Result<Self, String> {
        Self::choose_for(text, &[])
    }

    /// [`Password::choose`] for somebody of whom `about` is known: name, address.
    /// What follows from common passwords, names, words, dates, keys in a row or
    /// from `about` within ten thousand million guesses is refused: the 30,000
    /// most common of ten million leaked passwords, and the lists of zxcvbn.
    ///
    /// # Errors
    /// The sentence for the person who typed it.
    pub fn choose_for(text: &str, about: &[&str]) -> Result<Self, String> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err(format!("Use at least {MIN_CHARACTERS} characters; a few words do well."));
        }
        if text.len() > MAX_BYTES {
            return Err(format!("Use at most {MAX_BYTES} bytes."));
        }
        let mut distinct: Vec<char> = text.chars().collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 5 {
            return Err("Use more than four different characters.".to_owned());
        }
        let mut known = vec!["countersign"];
        known.extend(about.iter().flat_map(|text| text.split(['@', '.', ' '])));
        known.extend(about);
        known.retain(|word| word.len() > 2);
        if zxcvbn::zxcvbn(text, &known).guesses_log10() < MIN_GUESSES_LOG10 {
            return Err("This is among the first that somebody would guess: it follows from \
                        common passwords, names or rows of keys. Use a few words of your own."
                .to_owned());
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Takes a password that someone presents; `None` when it is too long to
    /// be anybody's.
    pub fn present(text: &str) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// Hashes `password`, as a PHC string. Takes tens of milliseconds: never on an
/// async thread, never while a connection is held.
///
/// # Errors
/// None that a caller could cause; the library's own.
pub fn hash(password: &Password, salt: &[u8; 16]) -> Result<String, argon2::password_hash::Error> {
    let salt = Salt::new(salt)?;
    Ok(hasher()?.hash_password_with_salt(password.0.as_bytes(), salt.as_ref())?.to_string())
}

/// Whether `password` is the one `stored` was made from. A `stored` that
/// cannot be read matches nothing.
pub fn verify(password: &Password, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    hasher().is_ok_and(|argon| argon.verify_password(password.0.as_bytes(), &parsed).is_ok())
}

fn hasher() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let (memory, passes, lanes) = PARAMS;
    let params = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_one_key_held_down() {
        assert!(Password::choose("fourteen chars").is_err());
        assert!(Password::choose("aaaaaaaaaaaaaaaaaaaa").is_err());
        assert!(Password::choose(&"é".repeat(600)).is_err());
        assert!(Password::choose("correct horse battery").is_ok());
    }

    #[test]
    fn what_is_guessed_first_is_refused_however_long() {
        for common in [
            "password1234567",
            "passwordpassword",
            "Password123456789!",
            "qwertyuiopasdfgh",
            "1234567890123456",
            "iloveyouiloveyou",
            "abcdefghijklmnop",
            "liverpool2024liverpool",
            "countersign12345",
        ] {
            assert!(Password::choose(common).is_err(), "{common}");
        }
        let about = ["ada.lovelace@example.com", "Ada Lovelace"];
        for own in ["ada.lovelace@example.com", "lovelacelovelace", "Lovelace20241234"] {
            assert!(Password::choose_for(own, &about).is_err(), "{own}");
        }
        for good in ["correct horse battery staple", "another good pass phrase", "Xk9#vT2pLq8@wZ5r"]
        {
            assert!(Password::choose_for(good, &about).is_ok(), "{good}");
        }
        assert!(Password::choose(&"a longer one than anybody has typed, ".repeat(27)).is_ok());
    }

    #[test]
    fn only_the_password_that_was_hashed_verifies() {
        let password = Password::choose("correct horse battery").unwrap();
        let stored = hash(&password, &[3; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&password, &stored));
        assert!(!verify(&Password::present("correct horse batter").unwrap(), &stored));
        assert!(!verify(&password, "not a hash"));
    }
}
