//! Choosing what an application may ask for: boxes to tick, over all APIs.
use std::collections::{BTreeMap, HashMap};

use actix_web::web::FormConfig;

use crate::admin;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::{LONGEST_FORM, line};
use crate::model::grant::{Access, Grant};
use crate::model::resource::{Resource, Scope};
use crate::store::{Conn, Error, resources, scopes};

/// The most APIs that one form shows, besides those that it must show.
const MOST: usize = 100;

/// Above this many APIs each is folded, unless something of it is ticked.
const MANY: usize = 20;

/// What is ticked, by the id of the API.
pub type Chosen = BTreeMap<String, Access>;

/// What a form offers.
#[derive(Clone, Debug)]
pub struct Offers {
    pub list: Vec<Offer>,
    /// There are APIs that it does not show.
    pub has_more: bool,
    /// Nothing was found, though it may show what must be shown.
    pub is_unfound: bool,
}

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
    /// It takes two persons.
    pub sensitive: bool,
}

/// The APIs with their scopes, and those of `shown` wherever they stand in the
/// list of all: a box that is not on the form cannot be ticked, and what is
/// not ticked is taken away.
pub fn offers(
    conn: &mut Conn,
    search: &str,
    shown: &[String],
    ticked: &Chosen,
) -> Result<Offers, Error> {
    let search = Some(search).filter(|text| !text.is_empty());
    let page = resources::page(conn, search, None, MOST)?;
    let (has_more, is_unfound) = (page.next.is_some() || search.is_some(), page.rows.is_empty());
    let beyond = |id: &&String| !page.rows.iter().any(|resource| resource.id == **id);
    let beyond: Vec<String> = shown.iter().filter(beyond).cloned().collect();
    let mut resources = resources::of_ids(conn, &beyond)?;
    resources.extend(page.rows);
    let ids: Vec<String> = resources.iter().map(|resource| resource.id.clone()).collect();
    let marked = scopes::sensitive(conn, &ids)?;
    let mut held: HashMap<String, Vec<Scope>> = HashMap::new();
    for (id, scope) in scopes::of_resources(conn, &ids)? {
        held.entry(id).or_default().push(scope);
    }
    let offer = |resource: Resource| {
        let scopes = held.remove(&resource.id).unwrap_or_default();
        let offer = Offer::new(resource, scopes, ticked);
        offer.marked(&marked)
    };
    let list = resources.into_iter().map(offer).collect();
    Ok(Offers { list, has_more, is_unfound })
}

impl Offers {
    pub fn are_many(&self) -> bool {
        self.list.len() > MANY
    }
}

impl Offer {
    fn new(resource: Resource, scopes: Vec<Scope>, ticked: &Chosen) -> Self {
        let access = ticked.get(&resource.id);
        let is_chosen = |scope: &Scope| match access {
            Some(Access::Scopes(names)) => names.contains(&scope.name),
            Some(Access::All) | None => false,
        };
        let offered = |scope| Offered { chosen: is_chosen(&scope), scope, sensitive: false };
        Self {
            line: line::class(&resource.identifier),
            all: matches!(access, Some(Access::All)),
            call: access.is_some(),
            scopes: scopes.into_iter().map(offered).collect(),
            resource,
        }
    }

    fn marked(mut self, marked: &[(String, String)]) -> Self {
        for offered in &mut self.scopes {
            let is_it = |(id, name): &(String, String)| {
                *id == self.resource.id && *name == offered.scope.name
            };
            offered.sensitive = marked.iter().any(is_it);
        }
        self
    }
}

/// Room for the boxes of a hundred APIs: each takes about 60 bytes.
pub fn form_config() -> FormConfig {
    FormConfig::default().limit(LONGEST_FORM).error_handler(|_, _| Failure::Malformed.into())
}

/// The fields that an act could not take. An API that is gone is an error of
/// the boxes: it has none of its own.
pub fn errors(error: admin::Error) -> Result<FieldErrors, Failure> {
    let admin::Error::Invalid(mut errors) = error else { return FieldErrors::from_act(error) };
    for error in errors.iter_mut().filter(|error| error.field == "resource") {
        error.field = "scopes";
    }
    Ok(errors.into())
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
pub fn held<'g>(grants: impl IntoIterator<Item = &'g Grant>) -> Chosen {
    let pair = |grant: &Grant| (grant.resource_id.clone(), grant.access.clone());
    let mut held: Chosen = grants.into_iter().map(pair).collect();
    for access in held.values_mut() {
        if let Access::Scopes(names) = access {
            names.sort_unstable();
        }
    }
    held
}

/// Another text for other access. Grants have no count of their edits, so
/// this is what a form carries to tell that they changed meanwhile.
pub fn version(held: &Chosen) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for (id, access) in held {
        hasher.update(format!("{id} {access}\n").as_bytes());
    }
    format!("{:08x}", hasher.finalize())
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

    #[test]
    fn the_version_tells_one_access_from_another() {
        let of = |pairs: &[(&str, &str)]| version(&chosen(&fields(pairs)));
        let one = of(&[("scope", "res_1 a"), ("scope", "res_1 b")]);
        assert_eq!(one, of(&[("scope", "res_1 b"), ("scope", "res_1 a")]));
        for other in [
            of(&[]),
            of(&[("scope", "res_1 a")]),
            of(&[("all", "res_1")]),
            of(&[("call", "res_1")]),
            of(&[("scope", "res_2 a"), ("scope", "res_2 b")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
