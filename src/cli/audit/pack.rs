//! `countersign audit export --with-proofs`: a folder that shows by itself that
//! no row in it was changed, left out or added.
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::admin;
use crate::cli::operator::Operator;
use crate::cli::output::{Output, time};
use crate::keys::checkpoints::verifier_keys;
use crate::model::checkpoint::SignedCheckpoint;
use crate::reports::rows::Format;
use crate::store::audit_log::{self, Filter};
use crate::store::audit_seals::{self, Entry};
use crate::store::{Conn, audit_retention, audit_tree, signing_keys};

/// The verifier, as the repository has it.
const VERIFIER: &str = include_str!("../../../scripts/verify_audit.py");
const README: &str = include_str!("pack_readme.md");

/// How many entries are read at a time.
const ENTRIES: i64 = 1_024;

/// Which entries of the tree have rows of the time that is asked for.
struct Span {
    first: i64,
    end: i64,
}

pub fn write(
    operator: &Operator,
    output: Output,
    folder: &Path,
    filter: &Filter,
) -> anyhow::Result<()> {
    let name = "jsonl with proofs";
    operator.act(|conn, actor| admin::audit::export(conn, actor, name, &filter.describe()))?;
    let note = operator.read(audit_tree::find)?.note;
    anyhow::ensure!(!note.is_empty(), "nothing was sealed yet: start the server");
    let checkpoint = SignedCheckpoint::parse(&note).map_err(anyhow::Error::msg)?;
    let span = span(operator, filter, i64::try_from(checkpoint.checkpoint.size)?)?
        .context("no row of that time is sealed and still there")?;
    DirBuilder::new().mode(0o700).create(folder).with_context(|| folder.display().to_string())?;
    let mut pack = Pack { folder, files: Map::new() };
    let rows = pack.rows(operator, &span)?;
    let size = checkpoint.checkpoint.size;
    let (first, end) = (u64::try_from(span.first)?, u64::try_from(span.end)?);
    let beside = operator.store.read_blocking(|conn| {
        let mut tree = audit_seals::tree(conn, i64::try_from(size).unwrap_or(i64::MAX));
        tree.beside(first, end, size).map_err(audit_seals::fault)
    })?;
    let beside: String = beside.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
    pack.text("tree-proof.txt", &beside)?;
    pack.text("checkpoint.txt", &note)?;
    let stored = operator.read(signing_keys::all)?;
    let keys = verifier_keys(&stored, &checkpoint.checkpoint.origin);
    let keys: String = keys.map(|(_, verifier)| verifier.text() + "\n").collect();
    pack.text("keys.txt", &keys)?;
    pack.text("README.md", README)?;
    pack.text("verify_audit.py", VERIFIER)?;
    let manifest = json!({
        "format": "countersign/evidence-pack@v1",
        "log": checkpoint.checkpoint.origin,
        "made_at": time(operator.clock.now()),
        "from": filter.from.map(time),
        "to": filter.to.map(time),
        "tree_size": size,
        "first_entry": span.first,
        "entries": span.end - span.first,
        "rows": rows,
        "files": pack.files.clone(),
    });
    pack.text("manifest.json", &format!("{manifest:#}\n"))?;
    let hash = pack.files.get("manifest.json").and_then(Value::as_str).unwrap_or_default();
    let what = format!("{name}, manifest SHA-256 {hash}");
    operator.act(|conn, actor| admin::audit::end_export(conn, actor, &what, rows))?;
    let sentence = format!(
        "{rows} rows of {} batches in {}: see README.md there",
        span.end - span.first,
        folder.display()
    );
    output.done(&sentence, &manifest);
    Ok(())
}

/// From the first entry that has a row of the time to the last; what lies
/// between is one piece, so that nothing can be left out of it.
fn span(operator: &Operator, filter: &Filter, size: i64) -> anyhow::Result<Option<Span>> {
    let mut span: Option<Span> = None;
    each(operator, operator.read(audit_retention::find)?.minimum, size, |(sealed, _, batch)| {
        let batch =
            batch.with_context(|| format!("the batch of entry {} is gone", sealed.entry))?;
        let is_before = filter.from.is_some_and(|from| batch.last_at < from.0);
        let is_after = filter.to.is_some_and(|to| batch.first_at >= to.0);
        if !is_before && !is_after {
            let first = span.as_ref().map_or(sealed.entry, |span| span.first);
            span = Some(Span { first, end: sealed.entry + 1 });
        }
        Ok(())
    })?;
    Ok(span)
}

/// Calls `with` each entry from `first` to before `end`.
fn each(
    operator: &Operator,
    first: i64,
    end: i64,
    mut with: impl FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut last = first - 1;
    while last + 1 < end {
        let limit = ENTRIES.min(end - last - 1);
        let page = operator.read(|conn| audit_seals::entries_after(conn, last, limit))?;
        anyhow::ensure!(!page.is_empty(), "entry {} of the tree is gone", last + 1);
        for entry in page {
            anyhow::ensure!(entry.0.entry == last + 1, "entry {} of the tree is gone", last + 1);
            last = entry.0.entry;
            with(entry)?;
        }
    }
    Ok(())
}

/// A folder, and the hashes of the files in it.
struct Pack<'a> {
    folder: &'a Path,
    files: Map<String, Value>,
}

impl Pack<'_> {
    /// Writes `batches.txt` and `events.jsonl`. Returns how many rows it has.
    fn rows(&mut self, operator: &Operator, span: &Span) -> anyhow::Result<u64> {
        let (mut batches, mut events) = (self.open("batches.txt")?, self.open("events.jsonl")?);
        let mut count = 0;
        each(operator, span.first, span.end, |(sealed, _, batch)| {
            let batch =
                batch.with_context(|| format!("the batch of entry {} is gone", sealed.entry))?;
            batches.write(&(STANDARD.encode(batch.record()) + "\n"))?;
            let of_batch = |conn: &mut Conn| audit_log::of_batch(conn, &sealed.chain, sealed.batch);
            let rows = operator.read(of_batch)?;
            anyhow::ensure!(
                i64::try_from(rows.len())? == batch.events,
                "rows of batch {} of chain {} are gone: see countersign audit verify",
                sealed.batch,
                sealed.chain
            );
            count += rows.len() as u64;
            events.write(&Format::Jsonl.lines(&rows))
        })?;
        batches.close(&mut self.files)?;
        events.close(&mut self.files)?;
        Ok(count)
    }

    fn text(&mut self, name: &'static str, text: &str) -> anyhow::Result<()> {
        let mut file = self.open(name)?;
        file.write(text)?;
        file.close(&mut self.files)
    }

    fn open(&self, name: &'static str) -> anyhow::Result<Hashed> {
        let path = self.folder.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        Ok(Hashed { name, out: BufWriter::new(file), hash: Context::new(&SHA256) })
    }
}

/// A file whose hash is known when it is written.
struct Hashed {
    name: &'static str,
    out: BufWriter<File>,
    hash: Context,
}

impl Hashed {
    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        self.hash.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).context(self.name)
    }

    fn close(mut self, files: &mut Map<String, Value>) -> anyhow::Result<()> {
        self.out.flush().context(self.name)?;
        let hash = self.hash.finish();
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        files.insert(self.name.to_owned(), hash.into());
        Ok(())
    }
}
