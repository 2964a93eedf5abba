//! What this server knows of a token.
use super::jwt::Jwt;
use crate::console::failure::Failure;
use crate::console::log::entry::Entry;
use crate::console::log::fate::Fate;
use crate::console::log::names::Names;
use crate::console::log::query::event_id;
use crate::model::signing_key::State;
use crate::oauth::UnixTime;
use crate::oauth::access_token::{StatusReference, TYPE};
use crate::oauth::revocation::Kind;
use crate::oauth::{revocation_feed, status_list};
use crate::store::{Conn, Error, audit_log, signing_keys};
use crate::web::App;
use crate::web::acceptance::{Cause, accept};

pub struct Finding {
    /// `clear`, `caution` or `danger`.
    pub aspect: &'static str,
    pub title: &'static str,
    pub text: String,
    pub signature: String,
    /// The row of the request that issued it.
    pub issued: Option<Issued>,
    /// A row has its `jti`, and it is another token all the same.
    pub imitates: Option<String>,
    pub status: Option<StatusReference>,
}

pub struct Issued {
    pub entry: Entry,
    pub fate: Option<Fate>,
}

impl Finding {
    /// Asks where introspection and the gate ask.
    pub async fn new(app: &App, jwt: &Jwt, now: UnixTime) -> Result<Self, Failure> {
        let accepted = accept(app, &jwt.text).await.map_err(|e| Failure::Broken(e.to_string()))?;
        let verified = app.keys.verify(&jwt.text);
        let is_ours = verified.is_some();
        let (jti, kid) = (jwt.claim("jti").to_owned(), jwt.header("kid").to_owned());
        let read = move |conn: &mut Conn| read(conn, &jti, &kid, now);
        let (row, key) = app.store.read(read).await?;
        let signature = match &verified {
            Some(verified) => format!("It is whole, and our key {} made it.", verified.kid),
            None => stranger(jwt, key),
        };
        let issuer = &app.config.issuer.url;
        let (aspect, title, text) = match accepted {
            Ok(_) => ("clear", "A token of ours, in force", GOOD.to_owned()),
            Err(Cause::Expired) => {
                ("caution", "A token of ours, expired", "Every API must refuse it.".to_owned())
            }
            Err(Cause::Revoked(kind)) => ("danger", "A token of ours, revoked", revoked(kind)),
            Err(Cause::ClientInactive) => (
                "danger",
                "A token of ours, out of force",
                "Its application is suspended or was deleted.".to_owned(),
            ),
            Err(Cause::NotOurs) => alien(jwt, issuer, key, is_ours),
        };
        let status = verified.as_ref().and_then(|verified| verified.claims.status.clone());
        let (issued, imitates) = match row {
            Some(row) if is_ours => (Some(row), None),
            Some(row) => (None, Some(row.entry.id)),
            None => (None, None),
        };
        let status = status.map(|status| status.status_list);
        Ok(Self { aspect, title, text, signature, issued, imitates, status })
    }
}

const GOOD: &str = "Signed by us, not expired, not revoked, and its application is active. An API \
                    must still look whether it is for that API and has the scope.";

/// The row that issued a token of this `jti`, and what has become of the key.
fn read(
    conn: &mut Conn,
    jti: &str,
    kid: &str,
    now: UnixTime,
) -> Result<(Option<Issued>, Option<State>), Error> {
    let key = signing_keys::find(conn, kid)?.map(|key| key.state);
    let Some(id) = event_id(jti) else { return Ok((None, key)) };
    let stored = audit_log::find(conn, id)?.and_then(|stored| stored.event());
    let Some(event) = stored.filter(|event| event.code == "token.issued") else {
        return Ok((None, key));
    };
    let names = Names::read(conn, std::slice::from_ref(&event))?;
    let entry = Entry::new(&event, &names, now);
    let fate = Fate::read(conn, &event, now)?;
    Ok((Some(Issued { entry, fate }), key))
}

fn revoked(kind: Kind) -> String {
    let what = match kind {
        Kind::Token => "It was itself revoked.",
        Kind::Application => "All tokens of its application were revoked.",
        Kind::Secret => "All tokens that were got with its secret were revoked.",
        Kind::Resource => "All tokens for one of its APIs were revoked.",
        Kind::Key => "The key that signed it was revoked.",
        Kind::Everything => "Every token that was out was revoked.",
    };
    what.to_owned()
}

/// A token that is not accepted as one of ours.
fn alien(
    jwt: &Jwt,
    issuer: &str,
    key: Option<State>,
    is_ours: bool,
) -> (&'static str, &'static str, String) {
    let typ = jwt.header("typ");
    if is_ours {
        let text =
            format!("We signed it, but it names the issuer {}, not {issuer}.", jwt.claim("iss"));
        return ("danger", "Of another issuer", text);
    }
    if jwt.claim("iss") != issuer {
        let named = match jwt.claim("iss") {
            "" => "It names no issuer.".to_owned(),
            other => format!("It names the issuer {other}; this server is {issuer}."),
        };
        return ("caution", "A foreign token", named);
    }
    if [status_list::TYPE, revocation_feed::TYPE].contains(&typ) {
        let text = "A statement on the status of tokens. It opens nothing at an API.".to_owned();
        return ("caution", "No access token", text);
    }
    match key {
        Some(State::Removed | State::Revoked) => (
            "caution",
            "Signed by a key that is gone",
            "Nothing that this key signed is accepted, and its signature is not checked any more."
                .to_owned(),
        ),
        Some(_) => (
            "danger",
            "Altered or forged",
            format!(
                "It says it is ours and names one of our keys, but that key did not sign this as \
                 an access token ({TYPE})."
            ),
        ),
        None => (
            "danger",
            "Not a token of ours",
            "It says it is ours, but names no key that this server ever had.".to_owned(),
        ),
    }
}

fn stranger(jwt: &Jwt, key: Option<State>) -> String {
    match (jwt.is_signed, jwt.header("kid"), key) {
        (false, ..) => "It has none. Whoever accepts it accepts anything.".to_owned(),
        (true, "", _) => "It names no key, so it was not checked.".to_owned(),
        (true, kid, None) => {
            format!("It names the key {kid}, which is none of ours, so it was not checked.")
        }
        (true, kid, Some(State::Removed | State::Revoked)) => {
            format!("It names our key {kid}, which is not published any more.")
        }
        (true, kid, Some(_)) => {
            format!("Our key {kid}, which it names, did not sign this as an access token.")
        }
    }
}
