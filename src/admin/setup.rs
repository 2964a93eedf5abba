//! The first administrator: made by whoever holds the one-time link that the
//! server prints on start. There is no default password.
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{Actor, Error, administrators};
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::oauth::time::Seconds;
use crate::store::{self, Conn, setup_links};

/// How long a link is good.
pub const LINK_LIFETIME: Seconds = Seconds::DAY;

/// Makes a link when nobody can sign in yet; `None` when somebody can.
pub fn offer(conn: &mut Conn, actor: &Actor) -> Result<Option<Zeroizing<String>>, Error> {
    if store::administrators::any(conn)? {
        return Ok(None);
    }
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(actor.entropy.bytes::<32>()));
    setup_links::insert(conn, &digest_of(&token), actor.now + LINK_LIFETIME)?;
    Ok(Some(token))
}

/// Whether `token` still sets something up.
pub fn is_good(conn: &mut Conn, actor: &Actor, token: &str) -> Result<bool, Error> {
    Ok(!store::administrators::any(conn)? && setup_links::find(conn, &digest_of(token), actor.now)?)
}

/// Spends the link and makes the first administrator, an owner.
///
/// # Errors
/// * `NotFound`: the link is spent, expired or was never one.
/// * `Invalid`: a field cannot be taken; the link stays good.
pub fn complete(
    conn: &mut Conn,
    actor: &Actor,
    token: &str,
    details: AdministratorDetails,
    password_hash: &str,
) -> Result<Administrator, Error> {
    let spent = setup_links::take(conn, &digest_of(token), actor.now)?;
    if !spent || store::administrators::any(conn)? {
        return Err(Error::NotFound);
    }
    let administrator = administrators::insert(conn, actor, details, password_hash)?;
    setup_links::delete_all(conn)?;
    Ok(administrator)
}

fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}
