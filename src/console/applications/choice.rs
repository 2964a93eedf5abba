//! Choosing what an application may ask for: boxes to tick, over all APIs.
use std::collections::BTreeMap;

use crate::console::line;
use crate::model::grant::{Access, Grant};
use crate::model::resource::{Resource, Scope};
use crate::store::{Conn, Error, resources, scopes};

/// The most APIs that one form shows.
const MOST: usize = 100;

/// What is ticked, by the id of the API.
pub type Chosen = BTreeMap<String, Access>;

/// One API of the form.
#[derive(Clone, Debug)]
pub struct Offer {
    pub resource: Resource,
    pub line: &'static str,
    pub scopes: Vec<Offered>,
    /// All current and future scopes.
    pub all: bool,
    /// It may call an API that has no scopes.
    pub call: bool,
}

#[derive(Clone, Debug)]
pub struct Offered {
    pub scope: Scope,
    pub chosen: bool,
}

/// The APIs with their scopes, by name.
pub fn offers(conn: &mut Conn) -> Result<Vec<Offer>, Error> {
    let page = resources::page(conn, None, None, MOST)?;
    page.rows
        .into_iter()
        .map(|resource| {
            let scopes = scopes::all(conn, &resource.id)?;
            let offered = |scope| Offered { scope, chosen: false };
            Ok(Offer {
                line: line::class(&resource.identifier),
                scopes: scopes.into_iter().map(offered).collect(),
                all: false,
                call: false,
                resource,
            })
        })
        .collect()
}

/// Ticks what is chosen.
pub fn tick(offers: &mut [Offer], chosen: &Chosen) {
    for offer in offers {
        let access = chosen.get(&offer.resource.id);
        offer.call = access.is_some();
        offer.all = matches!(access, Some(Access::All));
        for offered in &mut offer.scopes {
            offered.chosen = match access {
                Some(Access::Scopes(names)) => names.contains(&offered.scope.name),
                _ => false,
            };
        }
    }
}

/// What the fields of a form say: `scope` has an API's id and a scope, `all`
/// and `call` an API's id.
pub fn chosen(fields: &[(String, String)]) -> Chosen {
    let mut chosen = Chosen::new();
    for (name, value) in fields {
        match (name.as_str(), value.split_once(' ')) {
            ("scope", Some((id, scope))) => {
                let access = chosen.entry(id.to_owned()).or_insert(Access::Scopes(Vec::new()));
                if let Access::Scopes(names) = access {
                    names.push(scope.to_owned());
                }
            }
            ("call", _) => {
                chosen.entry(value.clone()).or_insert(Access::Scopes(Vec::new()));
            }
            _ => {}
        }
    }
    for (_, id) in fields.iter().filter(|(name, _)| name == "all") {
        chosen.insert(id.clone(), Access::All);
    }
    for access in chosen.values_mut() {
        if let Access::Scopes(names) = access {
            names.sort_unstable();
            names.dedup();
        }
    }
    chosen
}

/// What an application holds, as a form would say it.
pub fn held(grants: &[Grant]) -> Chosen {
    grants.iter().map(|grant| (grant.resource_id.clone(), grant.access.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_ticked_becomes_access_by_api() {
        let chosen = chosen(&fields(&[
            ("name", "x"),
            ("scope", "res_1 b"),
            ("scope", "res_1 a"),
            ("scope", "res_2 a"),
            ("all", "res_2"),
            ("call", "res_3"),
        ]));
        let scopes = |names: &[&str]| Access::Scopes(names.iter().map(|n| (*n).into()).collect());
        assert_eq!(chosen["res_1"], scopes(&["a", "b"]));
        assert_eq!(chosen["res_2"], Access::All, "all wins over single scopes");
        assert_eq!(chosen["res_3"], scopes(&[]));
        assert_eq!(chosen.len(), 3);
    }
}
