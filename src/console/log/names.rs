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
        let mut credentials: Vec<String> = events.iter().filter_map(credential_id).collect();
        for ids in [&mut clients, &mut identifiers, &mut credentials] {
            ids.sort_unstable();
            ids.dedup();
        }
        Ok(Self {
            applications: applications::names(conn, &clients)?.into_iter().collect(),
            resources: resources::names(conn, &identifiers)?.into_iter().collect(),
            secrets: secrets::names(conn, &credentials)?.into_iter().collect(),
        })
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
        let id = credential_id(event)?;
        Some(self.secrets.get(&id).cloned().unwrap_or(id))
    }
}

/// The secret that was presented. Of one that is not in force any more, a
/// refusal has the id in its detail.
fn credential_id(event: &Event) -> Option<String> {
    let in_detail = || event.detail.clone().filter(|detail| detail.starts_with("sec_"));
    event.actor.credential_id.clone().or_else(in_detail)
}
