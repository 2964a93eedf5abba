//! `countersign import`.
mod results;
mod source;

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::operator::Operator;
use super::output::{self, Output};
use crate::admin::imports::{self, Line, Taken};
use crate::host::Entropy;
use crate::model::audit_event::printable;
use crate::store::imports::Import as Progress;
use crate::store::{self, Checkpoint, Conn};
use results::Results;
use source::{Format, Source};

/// Rows of one transaction: a running server waits for it to write its log.
const ROWS: usize = 1_000;

/// How often it says how far it is.
const TOLD: i64 = 100_000;

#[derive(Args)]
pub struct Import {
    /// The file; - reads standard input.
    file: PathBuf,
    /// Of the file; nothing: as its name ends.
    #[arg(long)]
    format: Option<Format>,
    /// Say what would become of the rows, and do nothing.
    #[arg(long, conflicts_with_all = ["resume", "results"])]
    dry_run: bool,
    /// Go on where an import of the same file stopped.
    #[arg(long)]
    resume: bool,
    /// Where each row's result is written, with the secrets that are made;
    /// nothing: FILE.results.jsonl.
    #[arg(long)]
    results: Option<PathBuf>,
}

impl Import {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let source = Source::open(self.input()?, self.format()?)?;
        if self.dry_run {
            return rehearse(operator, output, source);
        }
        let path = self.results_path()?;
        let mut conn = operator.store.connect()?;
        conn.cache(128)?;
        let work = if self.resume {
            Work::resume(conn, source, &path)?
        } else {
            let name = printable(&self.file.display().to_string(), 500);
            Work::begin(conn, operator, source, (&path, &name))?
        };
        let done = work.run(operator, output);
        let import = done.with_context(|| {
            format!("the import stopped: go on with --resume --results {}", path.display())
        })?;
        tell(output, &import, &path);
        refusals(import.refused, import.rows_read, &format!("see {}", path.display()))
    }

    fn input(&self) -> anyhow::Result<Box<dyn Read>> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(std::io::stdin()));
        }
        let file = File::open(&self.file);
        Ok(Box::new(file.with_context(|| self.file.display().to_string())?))
    }

    fn format(&self) -> anyhow::Result<Format> {
        let by_name = || match self.file.extension()?.to_str()? {
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            _ => None,
        };
        self.format.or_else(by_name).context("say what is in the file: --format jsonl or csv")
    }

    fn results_path(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.results {
            return Ok(path.clone());
        }
        anyhow::ensure!(self.file.as_os_str() != "-", "say where the results go: --results FILE");
        let mut name = self.file.clone().into_os_string();
        name.push(".results.jsonl");
        Ok(name.into())
    }
}

/// An import under way.
struct Work {
    conn: Conn,
    source: Source,
    results: Results,
    import: Progress,
}

impl Work {
    fn begin(
        mut conn: Conn,
        operator: &Operator,
        source: Source,
        (path, name): (&Path, &str),
    ) -> anyhow::Result<Self> {
        let actor = operator.actor();
        let id = Entropy::System.id("imp_", actor.now);
        let results = Results::create(path, &id, name)?;
        let (digest, length) = (source.rows_digest().as_ref().to_vec(), results.length());
        let begin = |conn: &mut Conn| imports::begin(conn, &actor, (&id, name), digest, length);
        let import = conn.transaction(begin)?;
        Ok(Self { conn, source, results, import })
    }

    /// Reads past what was imported, and sees that it is the same.
    fn resume(mut conn: Conn, mut source: Source, path: &Path) -> anyhow::Result<Self> {
        let (mut results, id) = Results::reopen(path)?;
        let found = store::imports::find(&mut conn, &id)?;
        let import = found.with_context(|| format!("there is no import {id} here"))?;
        anyhow::ensure!(import.finished_at.is_none(), "import {id} is finished");
        for _ in 0..import.rows_read {
            if source.next()?.is_none() {
                break;
            }
        }
        anyhow::ensure!(
            source.rows_digest().as_ref() == import.rows_digest,
            "this is not the file that import {id} began with: its first {} rows are others",
            import.rows_read
        );
        results.cut(u64::try_from(import.results_bytes).unwrap_or(0))?;
        Ok(Self { conn, source, results, import })
    }

    fn run(mut self, operator: &Operator, output: Output) -> anyhow::Result<Progress> {
        loop {
            let lines = chunk(&mut self.source)?;
            if lines.is_empty() {
                break;
            }
            self.take(operator, lines)?;
            // Without it the write-ahead log would grow with the file; and a
            // server gets its turn to write.
            self.conn.checkpoint(Checkpoint::Passive)?;
            if self.import.rows_read % TOLD == 0 && !output.json {
                output::note(&format!("{} rows", self.import.rows_read));
            }
        }
        let (actor, digest) = (operator.actor(), self.source.file_digest());
        let import = &mut self.import;
        self.conn.transaction(|conn| imports::finish(conn, &actor, import, &digest))?;
        Ok(self.import)
    }

    /// One transaction. Its results are on disk before it commits; when it does
    /// not, they are cut off again by who goes on.
    fn take(&mut self, operator: &Operator, lines: Vec<Line>) -> anyhow::Result<()> {
        let (actor, before) = (operator.actor(), self.import.rows_read);
        let keys: Vec<(u64, Option<String>)> = lines.iter().map(key).collect();
        let mut import = self.import.clone();
        import.rows_read += i64::try_from(lines.len()).unwrap_or(0);
        import.rows_digest = self.source.rows_digest().as_ref().to_vec();
        let results = &mut self.results;
        self.import = self.conn.transaction::<_, anyhow::Error>(|conn| {
            let all = imports::take(conn, &actor, &import, lines)?;
            let mut text = Zeroizing::new(Vec::with_capacity(256 * all.len()));
            for ((line, key), taken) in keys.iter().zip(&all) {
                results::write(&mut text, *line, key.as_deref(), taken);
                *match taken {
                    Taken::Imported { .. } => &mut import.imported,
                    Taken::Skipped { .. } => &mut import.skipped,
                    Taken::Refused(_) => &mut import.refused,
                } += 1;
            }
            results.append(&text)?;
            import.results_bytes = results.length();
            imports::advance(conn, &import, before)?;
            Ok(import)
        })?;
        Ok(())
    }
}

fn key(line: &Line) -> (u64, Option<String>) {
    (line.number, line.row.as_ref().ok().map(|row| row.external_id.clone()))
}

fn chunk(source: &mut Source) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(ROWS);
    while lines.len() < ROWS
        && let Some(line) = source.next()?
    {
        lines.push(line);
    }
    Ok(lines)
}

/// Of each external id eight bytes are remembered, to see it come again.
fn rehearse(operator: &Operator, output: Output, mut source: Source) -> anyhow::Result<()> {
    const SHOWN: i64 = 20;
    let (mut seen, hasher) = (HashSet::new(), RandomState::new());
    let (mut new, mut skipped, mut refused) = (0_i64, 0_i64, 0_i64);
    loop {
        let lines = chunk(&mut source)?;
        if lines.is_empty() {
            break;
        }
        let keys: Vec<(u64, Option<String>)> = lines.iter().map(key).collect();
        let told = operator.find(|conn| imports::rehearse(conn, lines))?;
        for ((line, key), taken) in keys.iter().zip(told) {
            let is_first = key.as_ref().is_none_or(|key| seen.insert(hasher.hash_one(key)));
            match taken {
                Some(Taken::Refused(why)) => {
                    refused += 1;
                    if refused <= SHOWN {
                        output::note(&format!("line {line}: {why}"));
                    }
                }
                None if is_first => new += 1,
                _ => skipped += 1,
            }
        }
    }
    let sums = json!({
        "dry_run": true,
        "rows": new + skipped + refused,
        "would_import": new,
        "would_skip": skipped,
        "refused": refused,
        "file_sha256": source.file_digest(),
    });
    output.object(&sums);
    refusals(refused, new + skipped + refused, "nothing was done")
}

fn tell(output: Output, import: &Progress, path: &Path) {
    output.object(&json!({
        "import": import.id,
        "rows": import.rows_read,
        "imported": import.imported,
        "skipped": import.skipped,
        "refused": import.refused,
        "results": path.display().to_string(),
    }));
    if import.imported > 0 && !output.json {
        output::note("The results hold the secrets, which cannot be shown again: keep them safe.");
    }
}

fn refusals(refused: i64, rows: i64, so: &str) -> anyhow::Result<()> {
    anyhow::ensure!(refused == 0, "{refused} of {rows} rows were refused: {so}");
    Ok(())
}
