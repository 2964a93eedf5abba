//! How long a page of applications takes, the first and the last.
use std::path::Path;
use std::time::Instant;

use countersign::config::Config;
use countersign::store::applications::{self, Filter};
use countersign::store::{Conn, Error, Store};
use countersign::web::opening::open_store;

use crate::clients;

const ROWS: usize = 50;

/// The best of this many.
const TIMES: usize = 20;

pub fn run(clients: &Path) -> anyhow::Result<String> {
    let store = open_store(&Config::read(std::env::vars())?)?;
    let all = clients::read(clients)?;
    let before = all.iter().rev().nth(ROWS).map(|client| client.id.as_str());
    let (first, last) = (time(&store, None)?, time(&store, before)?);
    Ok(format!("{first:.2} | {last:.2}"))
}

fn time(store: &Store, after: Option<&str>) -> anyhow::Result<f64> {
    let filter = Filter::default();
    let mut best = f64::MAX;
    for _ in 0..TIMES {
        let started = Instant::now();
        let read = |conn: &mut Conn| applications::page(conn, &filter, after, ROWS);
        store.read_blocking::<_, Error>(read)?;
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}
