//! What a search finds: by its whole id at once, by the start of its name from
//! an index.
use crate::console::log::query::event_id;
use crate::store::{
    Conn, Error, administrators, applications, audit_log, resources, revocations, scopes, secrets,
    signing_keys,
};
use crate::texts::en;

/// Somewhere to go.
pub struct Hit {
    pub kind: &'static str,
    pub title: String,
    /// An id or where it belongs.
    pub detail: String,
    pub href: String,
    /// The title is ours, and not somebody's name.
    pub is_page: bool,
}

/// The most of each kind.
const MOST: i64 = 8;

impl Hit {
    pub fn new(kind: &'static str, title: impl Into<String>, href: impl Into<String>) -> Self {
        let (title, href) = (title.into(), href.into());
        Self { kind, title, detail: String::new(), href, is_page: false }
    }

    /// A page of the console.
    #[must_use]
    pub fn titled(self) -> Self {
        Self { is_page: true, ..self }
    }

    fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// What has exactly this id.
pub fn exact(conn: &mut Conn, id: &str, sees_people: bool) -> Result<Vec<Hit>, Error> {
    let mut hits = Vec::new();
    if let Some(found) = applications::find(conn, id)? {
        let href = format!("/applications/{}", found.client_id);
        hits.push(Hit::new(en("Application"), found.details.name, href).with(found.client_id));
    }
    let resource = match resources::find(conn, id)? {
        Some(found) => Some(found),
        None => resources::find_by_identifier(conn, id)?,
    };
    if let Some(found) = resource {
        let href = format!("/apis/{}", found.id);
        hits.push(Hit::new(en("API"), found.name, href).with(found.identifier));
    }
    if let Some(found) = secrets::find(conn, id)? {
        let href = format!("/applications/{}", found.client_id);
        hits.push(Hit::new(en("Secret"), found.name, href).with(found.id));
    }
    if let Some(found) = revocations::find(conn, id)? {
        let id = found.revocation.id;
        hits.push(Hit::new(en("Revocation"), id.clone(), format!("/revocations/{id}")));
    }
    if let Some(found) = signing_keys::find(conn, id)? {
        hits.push(Hit::new(en("Signing key"), found.kid, "/keys"));
    }
    if let Some(found) = event_id(id).map(|id| audit_log::find(conn, id)).transpose()?.flatten() {
        let kind = if found.category == "token" { en("Request") } else { en("Log entry") };
        hits.push(Hit::new(kind, found.id.clone(), format!("/log/{}", found.id)).with(found.code));
    }
    if sees_people && let Some(found) = administrators::find(conn, id)? {
        let href = format!("/people/{}", found.id);
        hits.push(Hit::new(en("Person"), found.name, href).with(found.email));
    }
    Ok(hits)
}

/// What begins with these letters.
pub fn alike(conn: &mut Conn, start: &str, sees_people: bool) -> Result<Vec<Hit>, Error> {
    let mut hits = Vec::new();
    for found in applications::named(conn, start, MOST)? {
        let href = format!("/applications/{}", found.client_id);
        hits.push(Hit::new(en("Application"), found.details.name, href).with(found.client_id));
    }
    for found in resources::named(conn, start, MOST)? {
        let href = format!("/apis/{}", found.id);
        hits.push(Hit::new(en("API"), found.name, href).with(found.identifier));
    }
    for (resource_id, name) in scopes::named(conn, start, MOST)? {
        hits.push(Hit::new(en("Scope"), name, format!("/apis/{resource_id}")));
    }
    if sees_people {
        let start = start.to_lowercase();
        let is_it = |text: &str| text.to_lowercase().starts_with(&start);
        let people = administrators::all(conn)?.into_iter();
        let people = people.filter(|found| is_it(&found.name) || is_it(&found.email));
        hits.extend(people.take(8).map(|found| {
            Hit::new(en("Person"), found.name, format!("/people/{}", found.id)).with(found.email)
        }));
    }
    Ok(hits)
}
