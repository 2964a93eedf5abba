//! The names of what events have ids of, read once for a page.
use std::collections::HashMap;

use crate::model::audit_event::Event;
use crate::store::{Conn, Error, applications, resources, secrets};

#[derive(Default)]
pub struct Names {
    applications: HashMap<String, String>,
    resources: HashMap<String, String>,
    secrets: HashMap<String, String>,
}

impl Names {
    pub fn read(conn: &mut Conn, events: &[Event]) -> Result<Self, Error> {
        let mut clients: Vec<String> = events.iter().filter_map(|e| e.client_id.clone()).collect();
        let mut identifiers: Vec<String> = events
            .iter()
            .filter_map(|e| e.token.as_ref())
            .flat_map(|t| t.resource.clone())
            .chain(events.iter().filter_map(|e| e.access.as_ref()?.resource.clone()))
            .collect();
        // Who introspected is an application too.
        clients.extend(events.iter().filter_map(|e| e.access.as_ref()?.caller.clone()));
        let mut credentials: Vec<String> =
            events.iter().filter_map(|e| e.actor.credential_id.clone()).collect();
        for ids in [&mut clients, &mut identifiers, &mut credentials] {
            ids.sort_unstable();
            ids.dedup();
        }
        let mut names = Self {
            applications: applications::names(conn, &clients)?.into_iter().collect(),
            resources: resources::names(conn, &identifiers)?.into_iter().collect(),
            secrets: secrets::names(conn, &credentials)?.into_iter().collect(),
        };
        credentials.retain(|id| !names.secrets.contains_key(id));
        if !credentials.is_empty() {
            let deleted = secrets::deleted(conn, &credentials)?;
            names.secrets.extend(deleted.into_iter().map(|secret| (secret.id, secret.name)));
        }
        Ok(names)
    }

    /// `None`: there is no such application, or no more.
    pub fn application(&self, client_id: &str) -> Option<&str> {
        self.applications.get(client_id).map(String::as_str)
    }

    /// The name of an API; its identifier when there is none of it.
    pub fn resource<'a>(&'a self, identifier: &'a str) -> &'a str {
        self.resources.get(identifier).map_or(identifier, String::as_str)
    }

    pub fn has_resource(&self, identifier: &str) -> bool {
        self.resources.contains_key(identifier)
    }

    /// The name of the secret that was presented; its id when it is gone.
    pub fn secret(&self, event: &Event) -> Option<String> {
        let id = event.actor.credential_id.as_ref()?;
        Some(self.secrets.get(id).unwrap_or(id).clone())
    }
}
