//! Rows of the audit log as they are needed to be verified: hashed where the
//! database hands them out, so that nothing of them is copied.
use diesel::deserialize::{FromSqlRow, Result as Read};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::row::{Field as _, Row};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use super::connection::on;
use super::schema::audit_events;
use super::{Conn, Error};
use crate::model::audit_chain::{Hash, leaf};
use crate::model::audit_columns::Columns;
use crate::model::audit_event::Event;

/// What is left of a row.
#[derive(Clone, Debug)]
pub struct Hashed {
    pub position: i64,
    pub batch: i64,
    /// `None`: it is no row of ours, or a column differs from the body.
    pub leaf: Option<Hash>,
    /// The id of a row whose text was taken away: `leaf` is what it says itself.
    pub redacted: Option<Box<str>>,
}

type Selected = (
    BigInt,
    BigInt,
    BigInt,
    Text,
    Text,
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Binary,
);

/// The rows of a chain from one position to before another, in their order.
pub fn hashed(
    conn: &mut Conn,
    chain: &str,
    (first, end): (i64, i64),
) -> Result<Vec<Hashed>, Error> {
    Ok(on!(conn, |c| audit_events::table
        .filter(audit_events::chain.eq(chain))
        .filter(audit_events::position.ge(first))
        .filter(audit_events::position.lt(end))
        .order(audit_events::position)
        .select((
            audit_events::position,
            audit_events::batch,
            audit_events::at,
            audit_events::id,
            audit_events::category,
            audit_events::code,
            audit_events::outcome,
            audit_events::reason,
            audit_events::client_id,
            audit_events::resource,
            audit_events::body,
            audit_events::salt,
        ))
        .load(c))?)
}

/// A row as [`Selected`], the columns borrowed from the database.
struct Borrowed<'a> {
    numbers: [Option<i64>; 3],
    /// From `id` to `resource`; `None`: it is null.
    texts: [Option<&'a str>; 7],
    body: Option<&'a str>,
    salt: Option<&'a [u8]>,
}

impl Borrowed<'_> {
    fn hash(self) -> Read<Hashed> {
        let [Some(position), Some(batch), at] = self.numbers else {
            return Err("a row has no position".into());
        };
        let (leaf, redacted) = at.and_then(|at| self.leaf(at)).unzip();
        Ok(Hashed { position, batch, leaf, redacted: redacted.flatten() })
    }

    /// The hash, and of a redacted row its id.
    fn leaf(&self, at: i64) -> Option<(Hash, Option<Box<str>>)> {
        let [Some(id), Some(category), Some(code), Some(outcome), reason, client_id, resource] =
            self.texts
        else {
            return None;
        };
        let columns = Columns { id, at, category, code, outcome, reason, client_id, resource };
        let (body, salt) = self.body.zip(self.salt)?;
        if !columns.agree(body) {
            return None;
        }
        if let Ok(salt) = salt.try_into() {
            return Some((leaf(salt, body), None));
        }
        // The hash stands in the place of the salt.
        let hash = salt.try_into().ok().filter(|_| is_stub(body))?;
        Some((hash, Some(id.into())))
    }
}

/// Whether a text is what is left of a redacted row, and nothing else.
fn is_stub(body: &str) -> bool {
    serde_json::from_str::<Event>(body).is_ok_and(|event| {
        body == Event::redacted(event.id, event.at, event.code, event.outcome).body()
    })
}

impl FromSqlRow<Selected, Pg> for Hashed {
    fn build_from_row<'a>(row: &impl Row<'a, Pg>) -> Read<Self> {
        /// Binds the bytes of a column; they live as long as the row does.
        macro_rules! bytes {
            ($($index:literal => $bytes:ident),*) => {$(
                let field = row.get($index);
                let value = field.as_ref().and_then(|field| field.value());
                let $bytes = value.as_ref().map(PgValue::as_bytes);
            )*};
        }
        bytes!(0 => position, 1 => batch, 2 => at, 3 => id, 4 => category, 5 => code);
        bytes!(6 => outcome, 7 => reason, 8 => client_id, 9 => resource, 10 => body, 11 => salt);
        let number = |bytes: Option<&[u8]>| Some(i64::from_be_bytes(bytes?.try_into().ok()?));
        let mut texts = [None; 7];
        let stored = [id, category, code, outcome, reason, client_id, resource];
        for (text, bytes) in texts.iter_mut().zip(stored) {
            *text = bytes.map(std::str::from_utf8).transpose()?;
        }
        let body = body.map(std::str::from_utf8).transpose()?;
        Borrowed { numbers: [number(position), number(batch), number(at)], texts, body, salt }
            .hash()
    }
}

impl FromSqlRow<Selected, Sqlite> for Hashed {
    /// SQLite puts a value of any type into any column, and bytes that are no text
    /// into a text: neither is what was written.
    fn build_from_row<'a>(row: &impl Row<'a, Sqlite>) -> Read<Self> {
        let mut is_spoiled = false;
        let number = |index: usize| {
            let field = row.get(index);
            let mut value = field.as_ref().and_then(|field| field.value())?;
            let is_number = value.value_type() == Some(SqliteType::Long);
            is_number.then(|| value.read_long())
        };
        /// Binds the text of a column; it lives as long as the row does.
        macro_rules! texts {
            ($($index:literal => $text:ident),*) => {$(
                let field = row.get($index);
                let mut value = field.as_ref().and_then(|field| field.value());
                let type_of = value.as_ref().and_then(SqliteValue::value_type);
                is_spoiled |= type_of.is_some_and(|type_of| type_of != SqliteType::Text);
                let $text = value.as_mut().map(|value| value.read_text());
                // It may be what was read for bytes that are no text.
                if $text.is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
                    let mut again = field.as_ref().and_then(|field| field.value());
                    let bytes = again.as_mut().map(SqliteValue::read_blob);
                    is_spoiled |= bytes != $text.map(str::as_bytes);
                }
            )*};
        }
        texts!(3 => id, 4 => category, 5 => code, 6 => outcome, 7 => reason);
        texts!(8 => client_id, 9 => resource, 10 => body);
        let field = row.get(11);
        let mut salt = field.as_ref().and_then(|field| field.value());
        let is_bytes = salt.as_ref().and_then(SqliteValue::value_type) == Some(SqliteType::Binary);
        let salt = salt.as_mut().filter(|_| is_bytes).map(SqliteValue::read_blob);
        Borrowed {
            numbers: [number(0), number(1), number(2)],
            texts: [id, category, code, outcome, reason, client_id, resource],
            body: body.filter(|_| !is_spoiled),
            salt,
        }
        .hash()
    }
}
