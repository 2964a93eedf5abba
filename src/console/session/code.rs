//! A code that somebody typed: of the authenticator app, or a recovery code.
use crate::admin::factors::Proof;
use crate::admin::sessions::Refused;
use crate::console::failure::Failure;
use crate::keys::sealed_text;
use crate::model::recovery_code;
use crate::model::totp::Secret;
use crate::oauth::UnixTime;
use crate::store::authenticator_apps;
use crate::web::App;

/// What the code proves, once it is spent. Whether a recovery code is one shows
/// then.
///
/// # Errors
/// `Broken`: what is stored does not open under this master key.
pub async fn read(
    app: &App,
    administrator_id: &str,
    text: &str,
    now: UnixTime,
) -> Result<Result<Proof, Refused>, Failure> {
    if let Some(digest) = recovery_code::presented(text) {
        return Ok(Ok(Proof::Recovery(digest)));
    }
    let id = administrator_id.to_owned();
    let found = app.store.read(move |conn| authenticator_apps::find(conn, &id)).await?;
    let Some(found) = found else { return Ok(Err(Refused::BadCode)) };
    let purpose = sealed_text::of_app(administrator_id);
    let opened = app.keys.open_text(&purpose, &found.sealed);
    let opened = opened.map_err(|error| Failure::Broken(error.to_string()))?;
    let broken = || Failure::Broken(format!("{purpose}: not a secret"));
    let secret = Secret::read(&opened).ok_or_else(broken)?;
    Ok(match secret.accepts(text, now, None) {
        None => Err(Refused::BadCode),
        Some(step) if step <= found.last => Err(Refused::UsedCode),
        Some(step) => Ok(Proof::App { created_at: found.created_at, step }),
    })
}
