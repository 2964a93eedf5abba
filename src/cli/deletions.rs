//! `countersign application deleted` and `restore`.
use serde_json::{Value, json};

use super::applications::describe;
use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{self, Output, time};
use crate::admin::deletions;
use crate::model::deletion::Deletion;
use crate::store::{self, Conn};

pub fn list(operator: &Operator, output: Output, listing: &Listing) -> anyhow::Result<()> {
    let columns = ["client_id", "name", "deleted_at", "deleted_by", "restorable_until"];
    let now = operator.clock.now();
    listing.print(output, &columns, |after, limit| {
        let read = |conn: &mut Conn| store::deletions::page(conn, now, after, limit);
        Ok(operator.read(read)?.map(|deletion| row(&deletion)))
    })
}

pub fn restore(operator: &Operator, output: Output, client_id: &str) -> anyhow::Result<()> {
    let restored = operator
        .act(|conn, actor| deletions::restore(conn, actor, client_id))
        .or_missing("application", client_id)?;
    let lost: Vec<String> = restored.lost.iter().map(ToString::to_string).collect();
    let working = restored.working(operator.clock.now());
    let secrets: Vec<&str> = working.iter().map(|secret| secret.name.as_str()).collect();
    let mut object = describe(&restored.application);
    if let Some(members) = object.as_object_mut() {
        members.insert("secrets".into(), secrets.into());
        members.insert("not_restored".into(), lost.clone().into());
        members.insert("has_namesake".into(), restored.has_namesake.into());
    }
    let name = &restored.deletion.name;
    output.done(&format!("Restored {name} ({client_id})."), &object);
    if !output.json {
        for loss in lost {
            output::note(&format!("Not restored: {loss}"));
        }
        if restored.has_namesake {
            output::note(&format!("Another application is called {name} by now."));
        }
    }
    Ok(())
}

fn row(deletion: &Deletion) -> Value {
    json!({
        "client_id": deletion.client_id,
        "name": deletion.name,
        "deleted_at": time(deletion.at),
        "deleted_by": deletion.by,
        "restorable_until": time(deletion.until),
    })
}
