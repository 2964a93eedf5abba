//! What each page needs. One line a path: reading it, and posting to it. Asked
//! of whoever is signed in before a handler runs; what a role may is the table of
//! `model::role`. A path that is not here is shut to developers, and fails a test.
use crate::model::role::Right;

/// What a path needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: there need not be anybody.
    Anybody,
    /// That a password was right, of whomever: `session::candidate` sees to it.
    Password,
    Right(Right),
    /// The right, and that they proved who they are within
    /// `model::session::CONFIRMED`.
    Confirmed(Right),
}

/// A path as it is routed, and what GET and POST need; `None`: there is none.
pub type Page = (&'static str, Option<Need>, Option<Need>);

const NONE: Option<Need> = None;
const ANYBODY: Option<Need> = Some(Need::Anybody);
const PASSWORD: Option<Need> = Some(Need::Password);
const SIGN_IN: Option<Need> = Some(Need::Right(Right::SignIn));
const SEE: Option<Need> = Some(Need::Right(Right::ReadApplication));
const READ: Option<Need> = Some(Need::Right(Right::Read));
const CARE: Option<Need> = Some(Need::Right(Right::ManageApplication));
const REGISTRY: Option<Need> = Some(Need::Right(Right::ManageRegistry));
const PEOPLE: Option<Need> = Some(Need::Right(Right::ManageAdministrators));

/// The same, and they say again who they are: what hands out or takes away
/// credentials and rights, and what carries the log away.
const OWN_NOW: Option<Need> = Some(Need::Confirmed(Right::SignIn));
const READ_NOW: Option<Need> = Some(Need::Confirmed(Right::Read));
const CARE_NOW: Option<Need> = Some(Need::Confirmed(Right::ManageApplication));
const REGISTRY_NOW: Option<Need> = Some(Need::Confirmed(Right::ManageRegistry));
const PEOPLE_NOW: Option<Need> = Some(Need::Confirmed(Right::ManageAdministrators));

const KEEP_NOW: Option<Need> = Some(Need::Confirmed(Right::RetainLog));

/// In alphabetical order.
pub const PAGES: &[Page] = &[
    ("/access.csv", READ, NONE),
    ("/access/history", READ, NONE),
    ("/access/idle", READ, NONE),
    ("/access", READ, NONE),
    ("/apis.csv", READ, NONE),
    ("/apis/new", REGISTRY, REGISTRY),
    ("/apis/{id}/deletion", REGISTRY, REGISTRY),
    ("/apis/{id}/edit", REGISTRY, REGISTRY),
    ("/apis/{id}/exam", REGISTRY, REGISTRY),
    ("/apis/{id}/introspectors/{client_id}/deletion", NONE, REGISTRY),
    ("/apis/{id}/introspectors", NONE, REGISTRY),
    ("/apis/{id}/limit", REGISTRY, REGISTRY),
    ("/apis/{id}/routes/deletion", REGISTRY, REGISTRY),
    ("/apis/{id}/routes", NONE, REGISTRY),
    ("/apis/{id}/scopes/{scope}/deletion", REGISTRY, REGISTRY),
    ("/apis/{id}/scopes", NONE, REGISTRY),
    ("/apis/{id}/sensitivity", REGISTRY, REGISTRY),
    ("/apis/{id}/verification", READ, REGISTRY),
    ("/apis/{id}", READ, NONE),
    ("/apis", READ, NONE),
    ("/applications.csv", READ, NONE),
    ("/applications/deleted/{client_id}/restoration", REGISTRY_NOW, REGISTRY_NOW),
    ("/applications/deleted", REGISTRY, NONE),
    ("/applications/new", REGISTRY_NOW, REGISTRY_NOW),
    ("/applications/{client_id}/access/diet", REGISTRY, REGISTRY),
    ("/applications/{client_id}/access/restoration", REGISTRY, REGISTRY),
    ("/applications/{client_id}/access", REGISTRY, REGISTRY),
    ("/applications/{client_id}/deletion", REGISTRY_NOW, REGISTRY_NOW),
    ("/applications/{client_id}/edit", CARE, CARE),
    ("/applications/{client_id}/limit", REGISTRY, REGISTRY),
    ("/applications/{client_id}/nudges/dismissal", NONE, CARE),
    ("/applications/{client_id}/nudges/restoration", NONE, CARE),
    ("/applications/{client_id}/owners", REGISTRY_NOW, REGISTRY_NOW),
    ("/applications/{client_id}/resumption", REGISTRY, REGISTRY),
    ("/applications/{client_id}/secrets/new", CARE_NOW, CARE_NOW),
    ("/applications/{client_id}/secrets/{secret_id}/expiry", CARE_NOW, CARE_NOW),
    ("/applications/{client_id}/secrets/{secret_id}/first-use", SEE, NONE),
    ("/applications/{client_id}/secrets/{secret_id}/revocation", CARE_NOW, CARE_NOW),
    ("/applications/{client_id}/secrets/{secret_id}/rotation", CARE_NOW, CARE_NOW),
    ("/applications/{client_id}/secrets/{secret_id}", SEE, NONE),
    ("/applications/{client_id}/suspension", CARE, CARE),
    ("/applications/{client_id}", SEE, NONE),
    ("/applications", SEE, NONE),
    ("/approvals/{id}/approval", NONE, REGISTRY_NOW),
    ("/approvals/{id}/refusal", NONE, REGISTRY_NOW),
    ("/approvals/{id}/withdrawal", NONE, REGISTRY),
    ("/approvals/{id}", READ, NONE),
    ("/approvals", READ, NONE),
    ("/changes.csv", READ_NOW, NONE),
    ("/changes/{id}", READ, NONE),
    ("/changes", READ, NONE),
    ("/invitation", ANYBODY, ANYBODY),
    ("/keys/rotation", REGISTRY_NOW, REGISTRY_NOW),
    ("/keys", READ, NONE),
    ("/limits", READ, NONE),
    ("/log.{format:csv|jsonl|cef|ocsf}", READ_NOW, NONE),
    ("/log/hold", KEEP_NOW, KEEP_NOW),
    ("/log/integrity", READ, NONE),
    ("/log/live", READ, NONE),
    ("/log/pruning", KEEP_NOW, KEEP_NOW),
    ("/log/redaction", KEEP_NOW, KEEP_NOW),
    ("/log/stream", READ, NONE),
    ("/log/tlog/{rest:.*}", READ, NONE),
    ("/log/{id}", READ, NONE),
    ("/log", READ, NONE),
    ("/nudges/dismissal", NONE, REGISTRY),
    ("/nudges/restoration", NONE, REGISTRY),
    ("/password-reset", ANYBODY, ANYBODY),
    ("/people.csv", READ, NONE),
    ("/people/invitations/{id}/revocation", NONE, PEOPLE_NOW),
    ("/people/new", PEOPLE_NOW, PEOPLE_NOW),
    ("/people/teams/new", REGISTRY_NOW, REGISTRY_NOW),
    ("/people/teams/{id}/deletion", REGISTRY_NOW, REGISTRY_NOW),
    ("/people/teams/{id}", READ, REGISTRY_NOW),
    ("/people/teams", READ, NONE),
    ("/people/{id}/edit", PEOPLE_NOW, PEOPLE_NOW),
    ("/people/{id}/password-reset", NONE, PEOPLE_NOW),
    ("/people/{id}/resumption", PEOPLE_NOW, PEOPLE_NOW),
    ("/people/{id}/second-factor/deletion", PEOPLE_NOW, PEOPLE_NOW),
    ("/people/{id}/sessions/deletion", NONE, PEOPLE),
    ("/people/{id}/sessions/{session}/deletion", NONE, PEOPLE),
    ("/people/{id}/suspension", PEOPLE_NOW, PEOPLE_NOW),
    ("/people/{id}", READ, NONE),
    ("/people", READ, NONE),
    ("/preferences/keys", NONE, ANYBODY),
    ("/preferences/language", NONE, ANYBODY),
    ("/preferences/theme", NONE, ANYBODY),
    ("/profile/authenticator/deletion", OWN_NOW, OWN_NOW),
    ("/profile/authenticator/new", OWN_NOW, OWN_NOW),
    ("/profile/identities/deletion", NONE, OWN_NOW),
    ("/profile/identities", NONE, OWN_NOW),
    ("/profile/passkeys/challenge", NONE, OWN_NOW),
    ("/profile/passkeys/new", OWN_NOW, OWN_NOW),
    ("/profile/passkeys/{passkey}/deletion", OWN_NOW, OWN_NOW),
    ("/profile/passkeys/{passkey}/edit", OWN_NOW, OWN_NOW),
    ("/profile/password", NONE, SIGN_IN),
    ("/profile/recovery-codes", NONE, OWN_NOW),
    ("/profile/sessions/deletion", NONE, SIGN_IN),
    ("/profile/sessions/{session}/deletion", NONE, SIGN_IN),
    ("/profile", SIGN_IN, NONE),
    ("/reports/{id}/rows.csv", READ, NONE),
    ("/reports/{id}", READ, NONE),
    ("/reports", READ, NONE),
    ("/revocations.csv", READ, NONE),
    ("/revocations/choice", REGISTRY, REGISTRY),
    ("/revocations/new", REGISTRY, REGISTRY),
    ("/revocations/{id}", READ, NONE),
    ("/revocations", READ, NONE),
    ("/search", SIGN_IN, NONE),
    ("/session/confirmation/openid", NONE, SIGN_IN),
    ("/session/confirmation/challenge", NONE, SIGN_IN),
    ("/session/confirmation", SIGN_IN, SIGN_IN),
    ("/session/enrolment/challenge", NONE, PASSWORD),
    ("/session/enrolment/passkey", NONE, PASSWORD),
    ("/session/enrolment", PASSWORD, PASSWORD),
    ("/session/openid/callback", ANYBODY, NONE),
    ("/session/openid", NONE, ANYBODY),
    ("/session/passkey/challenge", NONE, ANYBODY),
    ("/session/passkey", NONE, ANYBODY),
    ("/session/second-factor/challenge", NONE, PASSWORD),
    ("/session/second-factor", PASSWORD, PASSWORD),
    ("/settings/countersign.toml", READ_NOW, NONE),
    ("/settings", READ, NONE),
    ("/setup", ANYBODY, ANYBODY),
    ("/sign-in-attempts/blocks/deletion", NONE, PEOPLE),
    ("/sign-in-attempts/blocks", NONE, PEOPLE),
    ("/sign-in-attempts", PEOPLE, NONE),
    ("/sign-in", ANYBODY, ANYBODY),
    ("/sign-out", NONE, SIGN_IN),
    ("/streams", READ, NONE),
    ("/tester/decoder", READ, READ),
    ("/tester", READ, READ),
    ("/", SIGN_IN, NONE),
];

/// What a request to `path`, as it is routed, needs. `None`: nobody said.
pub fn need(method: &str, path: &str) -> Option<Need> {
    let (_, get, post) = PAGES.iter().find(|(known, ..)| *known == path)?;
    match method {
        "GET" | "HEAD" => *get,
        "POST" => *post,
        _ => None,
    }
}

/// The page that a form stands on which is posted to `path`, routed as `pattern`:
/// the path itself, or what is above it.
pub fn form_of<'p>(pattern: &str, path: &'p str) -> &'p str {
    let (mut pattern, mut path) = (pattern, path);
    while let (Some((above, _)), Some((shorter, _))) =
        (pattern.rsplit_once('/'), path.rsplit_once('/'))
    {
        if need("GET", pattern).is_some() {
            return path;
        }
        (pattern, path) = (above, shorter);
    }
    "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_stands_on_the_page_of_its_path_or_above() {
        let of = form_of;
        assert_eq!(of("/people/{id}/edit", "/people/adm_1/edit"), "/people/adm_1/edit");
        assert_eq!(
            of("/people/{id}/password-reset", "/people/adm_1/password-reset"),
            "/people/adm_1"
        );
        assert_eq!(of("/profile/recovery-codes", "/profile/recovery-codes"), "/profile");
        assert_eq!(
            of("/people/invitations/{id}/revocation", "/people/invitations/inv_1/revocation"),
            "/people"
        );
        assert_eq!(of("/nowhere/else", "/nowhere/else"), "/");
    }
}
