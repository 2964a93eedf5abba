//! An authenticator app before its first code. It is kept nowhere: the page
//! carries it, sealed for its person and for a while.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;
use zeroize::Zeroizing;

use crate::admin::Actor;
use crate::admin::factors::NewApp;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::profile::recovery_codes::Codes;
use crate::keys::{KeyRing, sealed_text};
use crate::model::administrator::Administrator;
use crate::model::session::CANDIDACY;
use crate::model::totp::{SECRET_BYTES, Secret};
use crate::oauth::UnixTime;
use crate::web::App;

pub struct Draft {
    secret: Secret,
    person: Administrator,
    made_at: UnixTime,
}

/// A draft as a page shows it.
pub struct Shown {
    /// The modules of the picture as the path of an SVG, and how many there are
    /// to a side, with the white around them.
    pub picture: String,
    pub side: usize,
    pub typed: Zeroizing<String>,
    pub email: String,
    pub draft: String,
}

/// An app whose first code was right, and the codes to show once.
pub struct Confirmed {
    pub app: NewApp,
    pub codes: Codes,
}

impl Draft {
    pub fn new(person: &Administrator, actor: &Actor) -> Self {
        let secret = Secret::new(actor.entropy.bytes());
        Self { secret, person: person.clone(), made_at: actor.now }
    }

    /// `None`: it is another's, too old, or none.
    fn read(keys: &KeyRing, person: &Administrator, text: &str, now: UnixTime) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = keys.open_text(&purpose(person), &sealed).ok()?;
        let (secret, made_at) = plain.split_at_checked(SECRET_BYTES)?;
        let made_at = UnixTime(i64::from_be_bytes(made_at.try_into().ok()?));
        let good = now < made_at + CANDIDACY;
        let draft = Self { secret: Secret::read(secret)?, person: person.clone(), made_at };
        good.then_some(draft)
    }

    /// # Errors
    /// None that a caller could cause.
    pub fn shown(&self, app: &App) -> Result<Shown, Failure> {
        let broken = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
        let issuer = format!("Countersign {}", app.config.issuer.host());
        let url = self.secret.url(&issuer, &self.person.email).map_err(|error| broken(&error))?;
        let code = QrCode::with_error_correction_level(url.as_bytes(), EcLevel::M);
        let code = code.map_err(|error| broken(&error))?;
        let plain = [self.secret.bytes().as_slice(), &self.made_at.0.to_be_bytes()].concat();
        let plain = Zeroizing::new(plain);
        let sealed = app.keys.seal_text(&purpose(&self.person), &plain);
        Ok(Shown {
            picture: path(&code),
            side: code.width() + 2 * QUIET,
            typed: self.secret.typed().map_err(|error| broken(&error))?,
            email: self.person.email.clone(),
            draft: URL_SAFE_NO_PAD.encode(sealed.map_err(|error| broken(&error))?),
        })
    }
}

/// What is wrong, with the same draft again, or a new one in the place of one
/// that is too old.
type Again = (FieldErrors, Shown);

/// The app of the draft, when the code is one that it shows now.
///
/// # Errors
/// None that a caller could cause.
pub fn confirm(
    app: &App,
    actor: &Actor,
    person: &Administrator,
    (draft, code): (&str, &str),
) -> Result<Result<Confirmed, Again>, Failure> {
    let Some(draft) = Draft::read(&app.keys, person, draft, actor.now) else {
        let why = "That took too long. Scan this new picture, and remove the entry before from \
                   your app.";
        let shown = Draft::new(person, actor).shown(app)?;
        return Ok(Err((FieldErrors::one("code", why), shown)));
    };
    let Some(step) = draft.secret.accepts(code, actor.now, None) else {
        let why = "This is not the code that the app shows now. If it goes on, see whether the \
                   clock of your device is right.";
        return Ok(Err((FieldErrors::one("code", why), draft.shown(app)?)));
    };
    let sealed = app.keys.seal_text(&sealed_text::of_app(&person.id), draft.secret.bytes());
    let sealed = sealed.map_err(|error| Failure::Broken(error.to_string()))?;
    let codes = Codes::new(actor);
    let app = NewApp { sealed, step, recovery_codes: codes.digests() };
    Ok(Ok(Confirmed { app, codes }))
}

fn purpose(person: &Administrator) -> String {
    format!("draft of an {}", sealed_text::of_app(&person.id))
}

/// Modules of white around a code, ISO/IEC 18004 §6.3.8.
const QUIET: usize = 4;

/// The dark modules, a stroke for each that stand side by side.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(code.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                let _ =
                    write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_every_dark_module_and_white_around() {
        let code = QrCode::with_error_correction_level(b"otpauth://totp/x", EcLevel::M).unwrap();
        let path = path(&code);
        let drawn: usize = path
            .split('z')
            .filter_map(|run| run.split(['h', 'v']).nth(1))
            .map(|width| width.parse::<usize>().unwrap())
            .sum();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(drawn, dark);
        assert!(path.starts_with("M4 4h7v1h-7z"), "the corner that scanners look for: {path}");
    }
}
