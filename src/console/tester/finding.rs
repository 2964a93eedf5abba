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
use crate::text;
use crate::texts::{Text, en};
use crate::web::App;
use crate::web::acceptance::{Cause, accept};

pub struct Finding {
    /// `clear`, `caution` or `danger`.
    pub aspect: &'static str,
    pub title: &'static str,
    pub text: Text,
    pub signature: Text,
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
        let (row, key) = app.pages.read(read).await?;
        let signature = match &verified {
            Some(verified) => text!("It is whole, and our key {kid} made it.", kid = &verified.kid),
            None => stranger(jwt, key),
        };
        let issuer = &app.config.issuer.url;
        let (aspect, title, text) = match accepted {
            Ok(_) => ("clear", en("A token of ours, in force"), Text::new(GOOD)),
            Err(Cause::Expired) => {
                ("caution", en("A token of ours, expired"), text!("Every API must refuse it."))
            }
            Err(Cause::Revoked(kind)) => ("danger", en("A token of ours, revoked"), revoked(kind)),
            Err(Cause::ClientInactive) => (
                "danger",
                en("A token of ours, out of force"),
                text!("Its application is suspended or was deleted."),
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

const GOOD: &str = en(
    "Signed by us, not expired, not revoked, and its application is active. An API must still look whether it is for that API and has the scope.",
);

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

fn revoked(kind: Kind) -> Text {
    match kind {
        Kind::Token => text!("It was itself revoked."),
        Kind::Application => text!("All tokens of its application were revoked."),
        Kind::Secret => text!("All tokens that were got with its secret were revoked."),
        Kind::Resource => text!("All tokens for one of its APIs were revoked."),
        Kind::Key => text!("The key that signed it was revoked."),
        Kind::Everything => text!("Every token that was out was revoked."),
    }
}

/// A token that is not accepted as one of ours.
fn alien(
    jwt: &Jwt,
    issuer: &str,
    key: Option<State>,
    is_ours: bool,
) -> (&'static str, &'static str, Text) {
    let typ = jwt.header("typ");
    if is_ours {
        let text = text!(
            "We signed it, but it names the issuer {named}, not {issuer}.",
            named = jwt.claim("iss"),
            issuer,
        );
        return ("danger", en("Of another issuer"), text);
    }
    if jwt.claim("iss") != issuer {
        let named = match jwt.claim("iss") {
            "" => text!("It names no issuer."),
            other => text!("It names the issuer {other}; this server is {issuer}.", other, issuer),
        };
        return ("caution", en("A foreign token"), named);
    }
    if [status_list::TYPE, revocation_feed::TYPE].contains(&typ) {
        let text = text!("A statement on the status of tokens. It opens nothing at an API.");
        return ("caution", en("No access token"), text);
    }
    match key {
        Some(State::Removed | State::Revoked) => (
            "caution",
            en("Signed by a key that is gone"),
            text!(
                "Nothing that this key signed is accepted, and its signature is not checked any more."
            ),
        ),
        Some(_) => (
            "danger",
            en("Altered or forged"),
            text!(
                "It says it is ours and names one of our keys, but that key did not sign this as an access token ({kind}).",
                kind = TYPE,
            ),
        ),
        None => (
            "danger",
            en("Not a token of ours"),
            text!("It says it is ours, but names no key that this server ever had."),
        ),
    }
}

fn stranger(jwt: &Jwt, key: Option<State>) -> Text {
    match (jwt.is_signed, jwt.header("kid"), key) {
        (false, ..) => text!("It has none. Whoever accepts it accepts anything."),
        (true, "", _) => text!("It names no key, so it was not checked."),
        (true, kid, None) => {
            text!("It names the key {kid}, which is none of ours, so it was not checked.", kid)
        }
        (true, kid, Some(State::Removed | State::Revoked)) => {
            text!("It names our key {kid}, which is not published any more.", kid)
        }
        (true, kid, Some(_)) => {
            text!("Our key {kid}, which it names, did not sign this as an access token.", kid)
        }
    }
}
