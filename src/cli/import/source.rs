//! The file with applications: its rows one after the other, and the digest of
//! what was read.
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use aws_lc_rs::digest::{Context, Digest, SHA256};
use clap::ValueEnum;

use crate::admin::imports::Line;
use crate::model::import;

/// The longest row that is read.
const MOST: usize = 64 * 1024;

/// More than this between two records is a quote that never ends.
const MOST_UNREAD: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object in each line.
    Jsonl,
    /// A first line with the names of the columns.
    Csv,
}

/// Rows of a file, never more than one of them in memory.
pub struct Source {
    rows: Rows,
    watch: Watch,
    digest: Context,
}

enum Rows {
    Json { reader: BufReader<Watched>, line: Vec<u8>, number: u64 },
    Csv { reader: csv::Reader<Watched>, headers: csv::StringRecord, record: csv::ByteRecord },
}

/// What was read of the file, and how much since the last record.
#[derive(Clone)]
struct Watch {
    file: Rc<RefCell<Context>>,
    unread: Rc<Cell<usize>>,
}

struct Watched {
    input: Box<dyn Read>,
    watch: Watch,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let unread = self.watch.unread.get() + read;
        if unread > MOST_UNREAD {
            return Err(io::Error::other("a record is longer than 1 MiB: a quote has no end"));
        }
        self.watch.unread.set(unread);
        self.watch.file.borrow_mut().update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Source {
    /// # Errors
    /// The first line of CSV cannot be read or names columns that nobody knows.
    pub fn open(input: Box<dyn Read>, format: Format) -> anyhow::Result<Self> {
        let watch = Watch {
            file: Rc::new(RefCell::new(Context::new(&SHA256))),
            unread: Rc::new(Cell::new(0)),
        };
        let input = Watched { input, watch: watch.clone() };
        let rows = match format {
            Format::Jsonl => {
                let reader = BufReader::with_capacity(MOST, input);
                Rows::Json { reader, line: Vec::new(), number: 0 }
            }
            Format::Csv => {
                let mut builder = csv::ReaderBuilder::new();
                let builder = builder.flexible(true).trim(csv::Trim::All).buffer_capacity(MOST);
                let mut reader = builder.from_reader(input);
                let headers = reader.headers()?.clone();
                import::check_headers(&headers).map_err(anyhow::Error::msg)?;
                Rows::Csv { reader, headers, record: csv::ByteRecord::new() }
            }
        };
        Ok(Self { rows, watch, digest: Context::new(&SHA256) })
    }

    /// The next row, right or wrong; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next(&mut self) -> anyhow::Result<Option<Line>> {
        self.watch.unread.set(0);
        match &mut self.rows {
            Rows::Json { reader, line, number } => {
                next_json(reader, line, number, &mut self.digest)
            }
            Rows::Csv { reader, headers, record } => {
                if !reader.read_byte_record(record)? {
                    return Ok(None);
                }
                for field in record.iter() {
                    self.digest.update(&(field.len() as u64).to_be_bytes());
                    self.digest.update(field);
                }
                let number = record.position().map_or(0, csv::Position::line);
                let length: usize = record.iter().map(<[u8]>::len).sum();
                let row =
                    if length > MOST { Err(too_long()) } else { import::from_csv(headers, record) };
                Ok(Some(Line { number, row }))
            }
        }
    }

    /// The digest of the rows so far.
    pub fn rows_digest(&self) -> Digest {
        self.digest.clone().finish()
    }

    /// The SHA-256 of the file so far, in hexadecimal digits.
    pub fn file_digest(&self) -> String {
        let digest = self.watch.file.borrow().clone().finish();
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Empty lines are nobody's.
fn next_json(
    reader: &mut BufReader<Watched>,
    line: &mut Vec<u8>,
    number: &mut u64,
    digest: &mut Context,
) -> anyhow::Result<Option<Line>> {
    loop {
        line.clear();
        let most = u64::try_from(MOST).unwrap_or(u64::MAX) + 1;
        if reader.by_ref().take(most).read_until(b'\n', line)? == 0 {
            return Ok(None);
        }
        *number += 1;
        digest.update(line);
        let is_long = line.len() > MOST && !line.ends_with(b"\n");
        if is_long {
            skip_line(reader)?;
            return Ok(Some(Line { number: *number, row: Err(too_long()) }));
        }
        let text = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line).trim_ascii();
        if !text.is_empty() {
            return Ok(Some(Line { number: *number, row: import::from_json(text) }));
        }
    }
}

/// Reads on to the end of a line, and keeps nothing of it.
fn skip_line(reader: &mut BufReader<Watched>) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (length, found) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(place) => (place + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(length);
        reader.get_ref().watch.unread.set(0);
        if found {
            return Ok(());
        }
    }
}

fn too_long() -> String {
    "The row is longer than 64 KiB.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, format: Format) -> anyhow::Result<Vec<(u64, bool)>> {
        let mut source = Source::open(Box::new(io::Cursor::new(text.to_owned())), format)?;
        let mut lines = Vec::new();
        while let Some(line) = source.next()? {
            lines.push((line.number, line.row.is_ok()));
        }
        Ok(lines)
    }

    #[test]
    fn a_line_that_is_too_long_is_one_refused_row() {
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(3 * MOST_UNREAD));
        let text = format!("\u{feff}{{\"name\":\"a\"}}\n\n{long}\n{{\"name\":\"b\"}}");
        let read = lines(&text, Format::Jsonl).unwrap();
        assert_eq!(read, [(1, true), (3, false), (4, true)]);
    }

    #[test]
    fn a_quote_that_never_ends_is_not_read_to_the_end_of_the_file() {
        let read = lines("name,owner\na,b\n\"c\nd\",e\nf\n", Format::Csv).unwrap();
        assert_eq!(read, [(2, true), (3, false), (5, false)]);
        let endless = format!("name\n\"{}", "x\n".repeat(MOST_UNREAD));
        assert!(lines(&endless, Format::Csv).is_err());
        assert!(lines("nmae\na\n", Format::Csv).is_err());
    }
}
