//! A table of plain values: what a report is, whoever shows it.
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::oauth::UnixTime;
use crate::texts::Text;

/// A column: its name for programs, its title for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub title: &'static str,
}

/// What stands where a row and a column meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Nothing,
    Text(String),
    /// Words of ours, which a page translates. Files have them in English.
    Said(Text),
    Number(i64),
    Time(UnixTime),
    /// A client id.
    Client(String),
    /// The identifier of an API.
    Api(String),
    /// An event's id.
    Event(String),
    /// Scopes, or other words of machines, separated by spaces.
    Words(String),
}

/// Rows of as many cells as there are columns.
#[derive(Clone, Debug)]
pub struct Table {
    pub columns: &'static [Column],
    pub rows: Vec<Vec<Cell>>,
    /// There is more than is shown.
    pub is_cut: bool,
}

pub const fn column(name: &'static str, title: &'static str) -> Column {
    Column { name, title }
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }

    /// What [`crate::texts::en`] or [`crate::text!`] marked.
    pub fn said(words: impl Into<Text>) -> Self {
        let text = words.into();
        if text.is_empty() { Self::Nothing } else { Self::Said(text) }
    }

    pub fn time(at: Option<UnixTime>) -> Self {
        at.map_or(Self::Nothing, Self::Time)
    }

    pub fn number(count: usize) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Its canonical text: times in UTC to the microsecond.
    pub fn plain(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Said(text) => text.to_string(),
            Self::Text(text)
            | Self::Client(text)
            | Self::Api(text)
            | Self::Event(text)
            | Self::Words(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Time(at) => utc(*at),
        }
    }

    /// The text in a file that a spreadsheet may open: what was typed by people
    /// must not become a formula there.
    fn guarded(&self) -> String {
        let text = self.plain();
        let is_ours = matches!(self, Self::Number(_) | Self::Time(_) | Self::Event(_));
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if is_formula && !is_ours { format!("'{text}") } else { text }
    }

    fn json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Number(number) => (*number).into(),
            other => other.plain().into(),
        }
    }
}

impl Table {
    pub fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new(), is_cut: false }
    }

    /// A line of the names of the columns, then one for each row (RFC 4180).
    pub fn csv(&self) -> String {
        let names = self.columns.iter().map(|column| column.name.to_owned());
        csv_line(names) + &self.csv_rows()
    }

    /// The rows without the names.
    pub fn csv_rows(&self) -> String {
        self.rows.iter().map(|row| csv_line(row.iter().map(Cell::guarded))).collect()
    }

    /// The SHA-256 of [`Table::csv`] as hexadecimal digits: who has the file can
    /// tell that it is what was shown.
    pub fn sha256(&self) -> String {
        let hash = digest(&SHA256, self.csv().as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Each row as an object.
    pub fn json(&self) -> Vec<Value> {
        let object = |row: &Vec<Cell>| {
            let pairs = self.columns.iter().zip(row);
            Value::Object(
                pairs
                    .map(|(column, cell)| (column.name.to_owned(), cell.json()))
                    .collect::<Map<_, _>>(),
            )
        };
        self.rows.iter().map(object).collect()
    }
}

fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Into memory: this cannot fail.
    let _ = writer.write_record(cells);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn utc(at: UnixTime) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[column("name", "Name"), column("count", "Count")];

    fn table(name: &str) -> Table {
        let row = vec![Cell::text(name), Cell::Number(-1)];
        Table { rows: vec![row], ..Table::new(COLUMNS) }
    }

    #[test]
    fn a_file_has_the_names_and_the_rows() {
        assert_eq!(table("a, \"b\"").csv(), "name,count\r\n\"a, \"\"b\"\"\",-1\r\n");
        assert_eq!(table("").csv(), "name,count\r\n,-1\r\n");
    }

    /// A name of an application must not run in an auditor's spreadsheet.
    #[test]
    fn what_people_typed_is_no_formula() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            let csv = table(name).csv();
            assert!(csv.lines().nth(1).unwrap().trim_start_matches('"').starts_with('\''), "{csv}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_file() {
        assert_eq!(table("a").sha256(), table("a").sha256());
        assert_ne!(table("a").sha256(), table("b").sha256());
        assert_eq!(table("a").sha256().len(), 64);
    }

    #[test]
    fn a_row_is_an_object_of_its_columns() {
        assert_eq!(table("").json()[0].to_string(), r#"{"count":-1,"name":null}"#);
    }
}
