//! APIs as the gate sees them.
use std::collections::HashMap;
use std::sync::Arc;

use super::{Directory, PATIENCE};
use crate::model::resource::AccessRecords;
use crate::model::route_table::RouteTable;
use crate::store::{self, Conn, registry, resources, routes};

/// An API and what it demands.
pub struct Protected {
    pub identifier: String,
    pub access_records: AccessRecords,
    pub routes: RouteTable,
}

impl Directory {
    /// The API of this id or identifier; `None` when there is none.
    ///
    /// # Errors
    /// `Unavailable`: it is not in memory and cannot be read.
    pub async fn resource(&self, name: &str) -> Result<Option<Arc<Protected>>, store::Error> {
        if let Some(known) = self.resources.load().get(name) {
            return Ok(Some(known.clone()));
        }
        if self.unknown_resources.contains_key(name) {
            return Ok(None);
        }
        let text = name.to_owned();
        let read = self.store.read(move |conn| find(conn, &text));
        let (version, found) = tokio::time::timeout(PATIENCE, read)
            .await
            .map_err(|_| store::Error::Unavailable("no answer within a second".to_owned()))??;
        let found = found.map(Arc::new);
        let seen = self.lock();
        // Kept, that there is none too, unless something changed meanwhile.
        if seen.version <= version {
            match &found {
                Some(found) => self.keep_resource(name, found),
                None => self.unknown_resources.insert(name.to_owned(), ()),
            }
        }
        Ok(found)
    }

    fn keep_resource(&self, name: &str, found: &Arc<Protected>) {
        self.resources.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(name.to_owned(), found.clone());
            known
        });
    }
}

/// The version is read first: what is found is never older than it says.
fn find(conn: &mut Conn, name: &str) -> Result<(i64, Option<Protected>), store::Error> {
    let version = registry::version(conn)?;
    let found = match resources::find_by_identifier(conn, name)? {
        Some(resource) => Some(resource),
        None => resources::find(conn, name)?,
    };
    let Some(resource) = found else { return Ok((version, None)) };
    // Stored routes stand beside one another: an act saw to it.
    let corrupt =
        |_| store::Error::Corrupt { table: "routes", column: "path", id: resource.id.clone() };
    let routes = RouteTable::new(routes::all(conn, &resource.id)?).map_err(corrupt)?;
    let protected = Protected {
        identifier: resource.identifier,
        access_records: resource.verification.access_records,
        routes,
    };
    Ok((version, Some(protected)))
}
