//! Who fetches tokens instead of keeping them.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::report::{MOST, Parameters};
use super::table::{Cell, Column, Table, column};
use crate::model::hoarder::Fetched;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, applications, heavy_use, resources};

pub const COLUMNS: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("owner", "Owner"),
    column("api", "API"),
    column("tokens", "Tokens in busy hours"),
    column("needed", "Would do"),
    column("times", "Times too many"),
    column("lifetime_seconds", "A token lives, seconds"),
    column("addresses", "Addresses"),
    column("last", "Last"),
];

/// The most busy hours that are looked at.
const READ: i64 = 50_000;

/// An application that hoards, at one API.
#[derive(Clone, Debug)]
pub struct Hoarder {
    pub client_id: String,
    pub name: String,
    pub owner: String,
    pub resource: String,
    pub fetched: Fetched,
    pub addresses: usize,
    pub last_at: UnixTime,
}

/// What an application did at an API in its busy hours.
#[derive(Default)]
struct Sum {
    tokens: i64,
    /// By hour and address, whatever the secret.
    address_hours: BTreeSet<(i64, String)>,
    last_at: i64,
}

/// Those of these hours, the worst first, and whether more hours were busy than
/// were looked at.
pub fn find(
    conn: &mut Conn,
    hours: (i64, i64),
    client_id: Option<&str>,
) -> Result<(Vec<Hoarder>, bool), Error> {
    let busy = heavy_use::hours(conn, hours, client_id, READ)?;
    let is_cut = i64::try_from(busy.len()).is_ok_and(|count| count == READ);
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    for row in busy {
        let sum = sums.entry((row.client_id, row.resource)).or_default();
        sum.tokens += row.tokens;
        sum.last_at = sum.last_at.max(row.last_at);
        sum.address_hours.insert((row.hour, row.address));
    }
    let lives = Lives::read(conn, sums.keys())?;
    let mut found: Vec<Hoarder> = sums
        .into_iter()
        .filter_map(|((client_id, resource), sum)| {
            let (name, owner, own) = lives.applications.get(&client_id)?;
            let lifetime = own.or_else(|| lives.resources.get(&resource).copied())?;
            let address_hours = i64::try_from(sum.address_hours.len()).unwrap_or(i64::MAX);
            let addresses: BTreeSet<&String> = sum.address_hours.iter().map(|(_, a)| a).collect();
            let hoarder = Hoarder {
                name: name.clone(),
                owner: owner.clone(),
                fetched: Fetched { tokens: sum.tokens, address_hours, lifetime },
                addresses: addresses.len(),
                last_at: UnixTime(sum.last_at),
                client_id,
                resource,
            };
            hoarder.fetched.is_hoarder().then_some(hoarder)
        })
        .collect();
    found.sort_by_key(|hoarder| std::cmp::Reverse(hoarder.fetched.tokens));
    Ok((found, is_cut))
}

/// What tokens live, by application and by API; of what is there still.
struct Lives {
    applications: HashMap<String, (String, String, Option<Seconds>)>,
    resources: HashMap<String, Seconds>,
}

impl Lives {
    fn read<'a>(
        conn: &mut Conn,
        keys: impl Iterator<Item = &'a (String, String)>,
    ) -> Result<Self, Error> {
        let (mut clients, mut apis) = (BTreeSet::new(), BTreeSet::new());
        for (client_id, resource) in keys {
            clients.insert(client_id.clone());
            apis.insert(resource.clone());
        }
        let (clients, apis): (Vec<String>, Vec<String>) =
            (clients.into_iter().collect(), apis.into_iter().collect());
        let mut lives = Self { applications: HashMap::new(), resources: HashMap::new() };
        for ids in clients.chunks(500) {
            for found in applications::of_ids(conn, ids)? {
                let details = found.details;
                let told = (details.name, details.owner, details.token_lifetime);
                lives.applications.insert(found.client_id, told);
            }
        }
        for identifiers in apis.chunks(500) {
            let found = resources::of_identifiers(conn, identifiers)?.into_iter();
            lives.resources.extend(found.map(|api| (api.identifier, api.token_lifetime)));
        }
        Ok(lives)
    }
}

pub fn answer(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(COLUMNS);
    let (mut found, is_cut) = find(conn, told.period_hours(), told.application.as_deref())?;
    table.is_cut = is_cut || found.len() > MOST;
    found.truncate(MOST);
    for hoarder in found {
        table.rows.push(vec![
            Cell::text(hoarder.name),
            Cell::Client(hoarder.client_id),
            Cell::text(hoarder.owner),
            Cell::Api(hoarder.resource),
            Cell::Number(hoarder.fetched.tokens),
            Cell::Number(hoarder.fetched.needed()),
            Cell::Number(hoarder.fetched.times()),
            Cell::Number(hoarder.fetched.lifetime.0),
            Cell::number(hoarder.addresses),
            Cell::Time(hoarder.last_at),
        ]);
    }
    Ok(table)
}
