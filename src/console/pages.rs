//! What each page needs. One line a path: reading it, and posting to it. Asked
//! of whoever is signed in before a handler runs; what a role may is the table of
//! `model::role`. A path that is not here is shut to developers, and fails a test.
use crate::model::role::Right;

/// What a path needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: there need not be anybody.
    Anybody,
    Right(Right),
}

/// A path as it is routed, and what GET and POST need; `None`: there is none.
pub type Page = (&'static str, Option<Need>, Option<Need>);

const NONE: Option<Need> = None;
const ANYBODY: Option<Need> = Some(Need::Anybody);
const SIGN_IN: Option<Need> = Some(Need::Right(Right::SignIn));
const SEE: Option<Need> = Some(Need::Right(Right::ReadApplication));
const READ: Option<Need> = Some(Need::Right(Right::Read));
const CARE: Option<Need> = Some(Need::Right(Right::ManageApplication));
const REGISTRY: Option<Need> = Some(Need::Right(Right::ManageRegistry));
const PEOPLE: Option<Need> = Some(Need::Right(Right::ManageAdministrators));

/// In alphabetical order.
pub const PAGES: &[Page] = &[
    ("/access.csv", READ, NONE),
    ("/access/history", READ, NONE),
    ("/access/idle", READ, NONE),
    ("/access", READ, NONE),
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
    ("/apis/{id}/verification", READ, REGISTRY),
    ("/apis/{id}", READ, NONE),
    ("/apis", READ, NONE),
    ("/applications.csv", READ, NONE),
    ("/applications/new", REGISTRY, REGISTRY),
    ("/applications/{client_id}/access/diet", REGISTRY, REGISTRY),
    ("/applications/{client_id}/access/restoration", REGISTRY, REGISTRY),
    ("/applications/{client_id}/access", REGISTRY, REGISTRY),
    ("/applications/{client_id}/deletion", REGISTRY, REGISTRY),
    ("/applications/{client_id}/edit", CARE, CARE),
    ("/applications/{client_id}/limit", REGISTRY, REGISTRY),
    ("/applications/{client_id}/owners", REGISTRY, REGISTRY),
    ("/applications/{client_id}/resumption", REGISTRY, REGISTRY),
    ("/applications/{client_id}/secrets/new", CARE, CARE),
    ("/applications/{client_id}/secrets/{secret_id}/expiry", CARE, CARE),
    ("/applications/{client_id}/secrets/{secret_id}/first-use", SEE, NONE),
    ("/applications/{client_id}/secrets/{secret_id}/revocation", CARE, CARE),
    ("/applications/{client_id}/secrets/{secret_id}/rotation", CARE, CARE),
    ("/applications/{client_id}/secrets/{secret_id}", SEE, NONE),
    ("/applications/{client_id}/suspension", CARE, CARE),
    ("/applications/{client_id}", SEE, NONE),
    ("/applications", SEE, NONE),
    ("/changes/{id}", READ, NONE),
    ("/changes", READ, NONE),
    ("/invitation", ANYBODY, ANYBODY),
    ("/keys/rotation", REGISTRY, REGISTRY),
    ("/keys", READ, NONE),
    ("/log.{format:csv|jsonl|cef|ocsf}", READ, NONE),
    ("/log/integrity", READ, NONE),
    ("/log/live", READ, NONE),
    ("/log/stream", READ, NONE),
    ("/log/tlog/{rest:.*}", READ, NONE),
    ("/log/{id}", READ, NONE),
    ("/log", READ, NONE),
    ("/password-reset", ANYBODY, ANYBODY),
    ("/people/invitations/{id}/revocation", NONE, PEOPLE),
    ("/people/new", PEOPLE, PEOPLE),
    ("/people/{id}/edit", PEOPLE, PEOPLE),
    ("/people/{id}/password-reset", NONE, PEOPLE),
    ("/people/{id}/resumption", PEOPLE, PEOPLE),
    ("/people/{id}/sessions/deletion", NONE, PEOPLE),
    ("/people/{id}/sessions/{session}/deletion", NONE, PEOPLE),
    ("/people/{id}/suspension", PEOPLE, PEOPLE),
    ("/people/{id}", READ, NONE),
    ("/people", READ, NONE),
    ("/preferences/keys", NONE, ANYBODY),
    ("/preferences/theme", NONE, ANYBODY),
    ("/profile/password", NONE, SIGN_IN),
    ("/profile/sessions/deletion", NONE, SIGN_IN),
    ("/profile/sessions/{session}/deletion", NONE, SIGN_IN),
    ("/profile", SIGN_IN, NONE),
    ("/reports/{id}/rows.csv", READ, NONE),
    ("/reports/{id}", READ, NONE),
    ("/reports", READ, NONE),
    ("/revocations/choice", REGISTRY, REGISTRY),
    ("/revocations/new", REGISTRY, REGISTRY),
    ("/revocations/{id}", READ, NONE),
    ("/revocations", READ, NONE),
    ("/search", SIGN_IN, NONE),
    ("/settings/countersign.toml", READ, NONE),
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
