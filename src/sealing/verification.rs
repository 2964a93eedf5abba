//! Whether the tree is what was signed, and the batches are what is in the
//! tree.
use std::collections::{BTreeMap, HashMap};

use super::Error;
use crate::keys::checkpoints::verifier_keys;
use crate::model::audit_chain::Hash;
use crate::model::audit_tree::{Growing, Tile, entry_leaf};
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::signed_note::VerifierKey;
use crate::model::signing_key::SigningKey;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, ActFilter, Filter};
use crate::store::audit_retention::{self, Retention};
use crate::store::audit_seals::{self, Entry};
use crate::store::{self, Conn, Store, audit_tree, signing_keys};

/// How long a row may be unsealed before that is worth a word.
pub const UNSEALED: Seconds = Seconds(60);
/// How many entries are read at a time.
const ENTRIES: i64 = 4_096;

/// What is wrong, from what cannot be excused to what may come right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something is not what it was.
    Tampered,
    /// Something is gone.
    Gap,
    /// A checkpoint says otherwise.
    Fork,
    /// Nothing was found, and not all could be looked at.
    Incomplete,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub kind: Kind,
    pub what: String,
    /// From when to when what is wrong is, if that can be said.
    pub span: Option<(UnixTime, UnixTime)>,
}

/// What was looked at and what was found.
#[derive(Debug, Default)]
pub struct Report {
    pub entries: u64,
    /// How many recorded checkpoints hold for the tree, with their signatures.
    pub checkpoints: u64,
    /// The last one: its size, and when it was signed, seconds since 1970.
    pub last: Option<(u64, Option<u64>)>,
    /// How many entries have no rows any more because they were pruned, and the
    /// time of the last of these rows.
    pub pruned: Option<(u64, UnixTime)>,
    pub findings: Vec<Finding>,
}

/// What the tree is held against.
pub struct Against {
    /// The keys to believe; `None`: those in the database.
    pub keys: Option<Vec<VerifierKey>>,
    /// Checkpoints from outside the database, by what they are called.
    pub outside: Vec<(String, SignedCheckpoint)>,
}

/// A root that the tree must have had.
struct Claim {
    name: String,
    root: Hash,
    is_outside: bool,
}

/// Reads every entry and batch. Others may seal meanwhile.
///
/// # Errors
/// `Store`: it could not be read. What is wrong with it is in the report.
pub fn verify(store: &Store, against: &Against, now: UnixTime) -> Result<Report, Error> {
    let mut report = Report::default();
    let keys = store.read_blocking(signing_keys::all)?;
    // Checkpoints first: the tree only grows.
    let claims = claims(store, against, &keys, &mut report, now)?;
    let state = store.read_blocking(audit_tree::find)?;
    if !state.fork.is_empty() {
        report.find(Kind::Fork, format!("the server found: {}", state.fork), None);
    }
    let mut walk = Walk { growing: Growing::default(), numbers: HashMap::new(), nodes: 0 };
    report.hold(&walk, &claims);
    let pruning = store.read_blocking(Pruning::read)?;
    let size = u64::try_from(state.size).unwrap_or(0);
    while walk.growing.size() < size {
        let last = i64::try_from(walk.growing.size()).unwrap_or(i64::MAX) - 1;
        let left = i64::try_from(size - walk.growing.size()).unwrap_or(i64::MAX);
        let page = store
            .read_blocking(|conn| audit_seals::entries_after(conn, last, left.min(ENTRIES)))?;
        if page.is_empty() {
            let what = format!("{size} batches were sealed, and entry {} is gone", last + 1);
            report.find(Kind::Gap, what, None);
            break;
        }
        for entry in page {
            store.read_blocking(|conn| walk.step(conn, &entry, &mut report))?;
            report.hold(&walk, &claims);
            pruning.hold(&walk, &mut report);
        }
    }
    report.entries = walk.growing.size();
    pruning.end(&mut report);
    if i64::try_from(walk.nodes) != Ok(store.read_blocking(audit_seals::count_nodes)?)
        && report.entries == size
        && store.read_blocking(audit_tree::find)?.size == state.size
    {
        report.find(Kind::Tampered, "there are nodes that the tree does not have".into(), None);
    }
    for (size, claim) in claims
        .range(report.entries + 1..)
        .flat_map(|(size, all)| all.iter().map(move |claim| (size, claim)))
    {
        let kind = if claim.is_outside { Kind::Fork } else { Kind::Gap };
        let what = format!("{} is of {size} batches, and {} are here", claim.name, report.entries);
        report.find(kind, what, None);
    }
    if !state.note.is_empty()
        && state.published_size != i64::try_from(report.last.map_or(0, |l| l.0)).unwrap_or(0)
    {
        report.find(
            Kind::Tampered,
            "the state of the tree differs from its checkpoint".into(),
            None,
        );
    }
    unsealed(store, &mut report, now)?;
    Ok(report)
}

/// What was pruned, and the record that says so.
struct Pruning {
    retention: Retention,
    chains: BTreeMap<String, i64>,
    /// The entry that the last record names; `None`: there is no record.
    recorded: Option<i64>,
}

impl Pruning {
    /// In one transaction, so that what was pruned and its record belong
    /// together.
    fn read(conn: &mut Conn) -> Result<Self, store::Error> {
        conn.transaction(|conn| {
            let code = Some("audit.pruned".to_owned());
            let act = ActFilter { code, ..ActFilter::default() };
            let filter = Filter { act, ..Filter::default() };
            let last = audit_log::page(conn, &filter, None, 1)?.rows.pop();
            let changes = last.and_then(|row| row.event()).map(|event| event.changes);
            let named = changes.iter().flatten().find(|change| change.field == "minimum_entry");
            Ok(Self {
                retention: audit_retention::find(conn)?,
                chains: audit_retention::pruned_chains(conn)?,
                recorded: named.and_then(|change| change.after.parse().ok()),
            })
        })
    }

    /// Whether the chains lost what the tree lost, and no more.
    fn hold(&self, walk: &Walk, report: &mut Report) {
        if i64::try_from(walk.growing.size()) != Ok(self.retention.minimum) {
            return;
        }
        for (chain, batch) in &self.chains {
            if walk.numbers.get(chain).is_none_or(|last| last < batch) {
                let what = format!("rows of chain {chain} may be gone that were not pruned");
                report.find(Kind::Tampered, what, None);
            }
        }
    }

    fn end(&self, report: &mut Report) {
        let minimum = self.retention.minimum;
        if self.recorded.unwrap_or(0) != minimum || (minimum == 0 && !self.chains.is_empty()) {
            let what = format!("that rows below entry {minimum} were pruned is not recorded");
            report.find(Kind::Tampered, what, None);
        }
        if minimum > 0 {
            let entries = u64::try_from(minimum).unwrap_or(0);
            report.pruned = Some((entries, self.retention.pruned_until()));
        }
    }
}

/// What the checkpoints say that there are, by the size that they speak of.
fn claims(
    store: &Store,
    against: &Against,
    keys: &[SigningKey],
    report: &mut Report,
    now: UnixTime,
) -> Result<BTreeMap<u64, Vec<Claim>>, Error> {
    let mut all = Vec::new();
    for (name, signed) in &against.outside {
        all.push((name.clone(), signed.clone(), true));
    }
    let mut number = 0;
    loop {
        let page = store.read_blocking(|conn| audit_tree::recorded_after(conn, number, ENTRIES))?;
        let Some(last) = page.last() else { break };
        if last.number != number + i64::try_from(page.len()).unwrap_or(0) {
            report.find(Kind::Gap, format!("a checkpoint after number {number} is gone"), None);
        }
        number = last.number;
        for recorded in page {
            let name = format!("checkpoint {}", recorded.number);
            match SignedCheckpoint::parse(&recorded.note) {
                Ok(signed)
                    if i64::try_from(signed.checkpoint.size) == Ok(recorded.size)
                        && signed.checkpoint.origin == recorded.origin =>
                {
                    all.push((name, signed, false));
                }
                _ => report.find(Kind::Tampered, format!("{name} cannot be read"), None),
            }
        }
    }
    let state = store.read_blocking(audit_tree::find)?;
    match SignedCheckpoint::parse(&state.note) {
        Ok(last) => all.push(("the last checkpoint".to_owned(), last, false)),
        Err(_) if state.note.is_empty() && state.size == 0 => {}
        // A server that was killed as it began the log: what it signed may be in its
        // file alone.
        Err(_)
            if state.note.is_empty()
                && all.iter().all(|(.., is_outside)| *is_outside)
                && begun(store)? + UNSEALED >= now => {}
        Err(_) if state.note.is_empty() => {
            report.find(Kind::Incomplete, "no checkpoint was published".into(), None);
        }
        Err(_) => report.find(Kind::Tampered, "the last checkpoint cannot be read".into(), None),
    }
    Ok(signed(all, against, keys, report))
}

/// When the first row was written that was sealed.
fn begun(store: &Store) -> Result<UnixTime, Error> {
    let first = store.read_blocking(|conn| audit_seals::entries_after(conn, -1, 1))?.pop();
    Ok(UnixTime(first.and_then(|(.., batch)| batch).map_or(0, |batch| batch.first_at)))
}

/// Those of them that one of the keys signed, by their size.
fn signed(
    all: Vec<(String, SignedCheckpoint, bool)>,
    against: &Against,
    keys: &[SigningKey],
    report: &mut Report,
) -> BTreeMap<u64, Vec<Claim>> {
    let mut claims: BTreeMap<u64, Vec<Claim>> = BTreeMap::new();
    for (name, signed, is_outside) in all {
        let origin = &signed.checkpoint.origin;
        let known: Vec<_> = match &against.keys {
            Some(keys) => keys.clone(),
            None => verifier_keys(keys, origin).map(|(_, key)| key).collect(),
        };
        match signed.signer(&known) {
            // What is of no key that is known says nothing; of ours there are two.
            Ok(Some((key, _))) if !is_outside && !signed.is_signed_twice(key) => {
                let what = format!("{name} lacks one of its two signatures");
                report.find(Kind::Tampered, what, None);
                continue;
            }
            Ok(Some((_, time))) => {
                if name == "the last checkpoint" {
                    report.last = Some((signed.checkpoint.size, time));
                }
            }
            Ok(None) => {
                let what = format!("{name} of the log {origin} is signed by none of the keys");
                let kind = if against.keys.is_some() { Kind::Incomplete } else { Kind::Tampered };
                report.find(kind, what, None);
                continue;
            }
            Err(_) => {
                report.find(Kind::Tampered, format!("a signature of {name} is wrong"), None);
                continue;
            }
        }
        let root = signed.checkpoint.root;
        claims.entry(signed.checkpoint.size).or_default().push(Claim { name, root, is_outside });
    }
    claims
}

/// The tree as far as it was walked.
struct Walk {
    growing: Growing,
    /// The last batch of each chain.
    numbers: HashMap<String, i64>,
    nodes: u64,
}

impl Walk {
    fn step(
        &mut self,
        conn: &mut Conn,
        (sealed, stored, batch): &Entry,
        report: &mut Report,
    ) -> Result<(), Error> {
        let place =
            format!("entry {} (chain {}, batch {})", sealed.entry, sealed.chain, sealed.batch);
        let span = batch.as_ref().map(|b| (UnixTime(b.first_at), UnixTime(b.last_at)));
        if u64::try_from(sealed.entry) != Ok(self.growing.size()) {
            let what = format!("entry {} is gone", self.growing.size());
            report.find(Kind::Gap, what, span);
        }
        let last = self.numbers.entry(sealed.chain.clone()).or_default();
        if sealed.batch != *last + 1 {
            report.find(Kind::Gap, format!("{place} does not follow batch {last}"), span);
        }
        *last = sealed.batch;
        match batch {
            None => report.find(Kind::Gap, format!("the batch of {place} is gone"), None),
            Some(batch) if entry_leaf(&batch.record()) != *stored => {
                report.find(Kind::Tampered, format!("the batch of {place} was changed"), span);
            }
            Some(_) => {}
        }
        for (level, position, hash) in self.growing.push(*stored) {
            self.nodes += 1;
            let tile = Tile { level, number: position / 256, width: position % 256 + 1 };
            let found = audit_seals::tile(conn, tile)?;
            let kind = match found.get(usize::try_from(position % 256).unwrap_or(usize::MAX)) {
                Some(found) if *found == hash => continue,
                Some(_) => Kind::Tampered,
                None => Kind::Gap,
            };
            let what = format!("node {position} of level {level} is not what its entries make it");
            report.find(kind, what, span);
        }
        Ok(())
    }
}

impl Report {
    fn find(&mut self, kind: Kind, what: String, span: Option<(UnixTime, UnixTime)>) {
        // One cause shows in many places; the first tells.
        if self.findings.len() < 100 {
            self.findings.push(Finding { kind, what, span });
        }
    }

    /// Holds the tree of this size against what was said of it.
    fn hold(&mut self, walk: &Walk, claims: &BTreeMap<u64, Vec<Claim>>) {
        let size = walk.growing.size();
        let Some(claims) = claims.get(&size) else { return };
        let root = walk.growing.root();
        for claim in claims {
            if claim.root == root {
                self.checkpoints += 1;
                continue;
            }
            let kind = if claim.is_outside { Kind::Fork } else { Kind::Tampered };
            let what = format!("{} is of another tree of {size} batches", claim.name);
            self.find(kind, what, None);
        }
    }
}

/// What is not sealed yet can be changed without anybody noticing later.
fn unsealed(store: &Store, report: &mut Report, now: UnixTime) -> Result<(), Error> {
    for chain in store.read_blocking(audit_seals::progress)? {
        let Some(since) = chain.unsealed_since.map(UnixTime) else { continue };
        if since + UNSEALED < now {
            let count = chain.batch - chain.sealed;
            let what = format!("{count} batches of chain {} are not sealed", chain.chain);
            report.find(Kind::Incomplete, what, Some((since, now)));
        }
    }
    Ok(())
}
