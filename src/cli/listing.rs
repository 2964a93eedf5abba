//! Lists of any length.
use std::num::NonZeroUsize;

use clap::Args;
use serde_json::Value;

use super::output::{self, Lines, Output};
use crate::model::page::{PAGE_ROWS, Page};

/// Rows read at a time.
const AT_ONCE: usize = 500;

#[derive(Args)]
pub struct Listing {
    /// Most rows; else 50, or all of them with --json.
    #[arg(long)]
    limit: Option<NonZeroUsize>,
}

impl Listing {
    /// Prints what `page` reads: given where a page begins and how many rows
    /// it may have. JSON is printed as it is read, however long it gets.
    pub fn print(
        &self,
        output: Output,
        columns: &[&str],
        mut page: impl FnMut(Option<&str>, usize) -> anyhow::Result<Page<Value>>,
    ) -> anyhow::Result<()> {
        let asked = self.limit.map(NonZeroUsize::get);
        let most = asked.unwrap_or(if output.json { usize::MAX } else { PAGE_ROWS });
        let (mut printed, mut rows) = (0, Vec::new());
        let mut array = output.json.then(Array::begin);
        let mut next = None;
        let more = loop {
            let left = most - printed;
            let mut read = page(next.as_deref(), left.min(AT_ONCE))?;
            let beyond = read.rows.len() > left;
            read.rows.truncate(left);
            printed += read.rows.len();
            match &mut array {
                Some(array) => array.extend(&read.rows),
                None => rows.append(&mut read.rows),
            }
            next = read.next;
            if next.is_none() || printed == most {
                break beyond || next.is_some();
            }
        };
        match array {
            Some(array) => array.end(),
            None => output.table(columns, &rows),
        }
        if more && asked.is_none() {
            output::note(&format!("These are the first {printed}; --limit shows more."));
        }
        Ok(())
    }
}

/// A JSON array, an element a line.
struct Array {
    lines: Lines,
    last: Option<String>,
}

impl Array {
    fn begin() -> Self {
        Self { lines: Lines::default(), last: Some("[".to_owned()) }
    }

    /// Keeps one line back: only the next row tells whether a comma follows.
    fn extend(&mut self, rows: &[Value]) {
        for row in rows {
            if let Some(last) = self.last.replace(row.to_string()) {
                let comma = if last == "[" { "" } else { "," };
                self.lines.line(format_args!("{last}{comma}"));
            }
        }
    }

    fn end(mut self) {
        if let Some(last) = self.last.take() {
            self.lines.line(last);
        }
        self.lines.line("]");
        self.lines.finish();
    }
}
