//! The tree as verifiers and monitors read it: C2SP tlog-tiles.
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use crate::keys::checkpoints::verifier_keys;
use crate::model::audit_tree::Tile;
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, audit_seals, audit_tree, signing_keys};
use crate::web::App;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The last one.
    Checkpoint,
    /// The keys that checkpoints are verified with: not part of the standard.
    Keys,
    Tile(Tile),
    /// The records that a tile of the lowest level was made from.
    Entries(Tile),
}

/// Who may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Anybody,
    /// One person's browser.
    Person,
}

impl Wanted {
    /// Reads what stands after `/audit/tlog/`.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "checkpoint" => return Some(Self::Checkpoint),
            "keys" => return Some(Self::Keys),
            _ => {}
        }
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, plain(width).filter(|width| *width < 256)?),
            None => (rest, 256),
        };
        let number = index(number)?;
        if level == "entries" {
            return Some(Self::Entries(Tile { level: 0, number, width }));
        }
        let level = plain(level).filter(|level| *level < 8)?;
        Some(Self::Tile(Tile { level: u8::try_from(level).ok()?, number, width }))
    }
}

/// Without leading zeroes, and not 0 alone where that says nothing.
fn plain(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text && text.len() <= 3)
}

/// `x001/x234/067`: groups of three digits, the last without an x.
fn index(text: &str) -> Option<u64> {
    let mut groups = text.split('/').rev();
    let last = groups.next()?;
    let mut all = vec![last];
    for group in groups {
        all.push(group.strip_prefix('x')?);
    }
    let digits = |group: &&str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    if all.len() > 6 || !all.iter().all(digits) || (all.len() > 1 && all.last() == Some(&"000")) {
        return None;
    }
    all.iter()
        .rev()
        .try_fold(0_u64, |number, group| Some(number * 1_000 + group.parse::<u64>().ok()?))
}

/// Answers what is asked for; 404 to what the tree does not have yet.
pub async fn answer(app: &App, path: &str, audience: Audience) -> Result<HttpResponse, Error> {
    let Some(wanted) = Wanted::parse(path) else { return Ok(missing()) };
    let found = app.pages.read(move |conn| read(conn, wanted)).await?;
    let Some(body) = found else { return Ok(missing()) };
    let (media_type, age) = match wanted {
        Wanted::Checkpoint => ("text/plain; charset=utf-8", "max-age=1"),
        Wanted::Keys => ("application/json", "max-age=60"),
        // What a tile has never changes, of a part of one neither.
        Wanted::Tile(_) | Wanted::Entries(_) => {
            ("application/octet-stream", "max-age=31536000, immutable")
        }
    };
    let who = if audience == Audience::Anybody { "public" } else { "private" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, format!("{who}, {age}")))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(body))
}

fn missing() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body("the tree does not have that\n")
}

fn read(conn: &mut Conn, wanted: Wanted) -> Result<Option<Vec<u8>>, Error> {
    let state = audit_tree::find(conn)?;
    let size = u64::try_from(state.size).unwrap_or(0);
    let is_there = |tile: Tile| {
        Tile::within(size, tile.level, tile.number).is_some_and(|whole| whole.width >= tile.width)
    };
    match wanted {
        Wanted::Checkpoint => Ok((!state.note.is_empty()).then(|| state.note.into_bytes())),
        Wanted::Keys => Ok(Some(keys(conn, &state.origin)?)),
        Wanted::Tile(tile) if is_there(tile) => {
            let hashes = audit_seals::tile(conn, tile)?;
            whole(hashes.len(), tile)?;
            Ok(Some(hashes.concat()))
        }
        Wanted::Entries(tile) if is_there(tile) => {
            let records = audit_seals::records(conn, tile.number, tile.width)?;
            let records: Vec<_> = records.into_iter().flatten().collect();
            whole(records.len(), tile)?;
            let lengths = records.iter().map(|record| u16::try_from(record.len()).unwrap_or(0));
            let bundle = records.iter().zip(lengths.map(u16::to_be_bytes));
            Ok(Some(
                bundle
                    .flat_map(|(record, length)| [length.to_vec(), record.clone()].concat())
                    .collect(),
            ))
        }
        Wanted::Tile(_) | Wanted::Entries(_) => Ok(None),
    }
}

/// A part of a tile must not pass for the whole.
fn whole(found: usize, tile: Tile) -> Result<(), Error> {
    if u64::try_from(found) == Ok(tile.width) {
        return Ok(());
    }
    let id = format!("{}/{}", tile.level, tile.number);
    Err(Error::Corrupt { table: "audit_sealed_batches", column: "leaf", id })
}

fn keys(conn: &mut Conn, origin: &str) -> Result<Vec<u8>, Error> {
    let stored = signing_keys::all(conn)?;
    let keys: Vec<_> = verifier_keys(&stored, origin)
        .map(|(key, verifier)| {
            json!({
                "key": verifier.text(),
                "state": key.state.as_str(),
                "signs_from": key.current_from.map(UnixTime::seconds),
                "signed_until": key.ended_at.map(UnixTime::seconds),
            })
        })
        .collect();
    Ok(json!({ "origin": origin, "keys": keys }).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_standard_has_them() {
        let tile = |level, number, width| Tile { level, number, width };
        let read = [
            ("checkpoint", Wanted::Checkpoint),
            ("tile/0/000", Wanted::Tile(tile(0, 0, 256))),
            ("tile/1/067.p/5", Wanted::Tile(tile(1, 67, 5))),
            ("tile/0/x001/x234/067", Wanted::Tile(tile(0, 1_234_067, 256))),
            ("tile/entries/x273/000.p/255", Wanted::Entries(tile(0, 273_000, 255))),
        ];
        for (path, wanted) in read {
            assert_eq!(Wanted::parse(path), Some(wanted), "{path}");
        }
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/0",
            "tile/0/x001",
            "tile/00/000",
            "tile/8/000",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/x000/001",
            "tile/0/0000",
            "tile/0/000.p/",
            "tile/-1/000",
            "tile/0/001/067",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Wanted::parse(path), None, "{path}");
        }
    }
}
