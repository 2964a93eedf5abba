//! Statements that are prepared once a connection.
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text};

use super::Conn;

/// One statement, its text fixed.
///
/// Diesel prepares each of its own `UPDATE`s and upserts anew, since what they
/// set may differ from one call to the next. On SQLite that takes longer than
/// the write itself, on PostgreSQL a round trip: this is for those that run
/// many times a second.
pub(super) struct Statement<'a, const N: usize> {
    /// With a `?` for each value, and none besides.
    pub sql: &'static str,
    pub values: [Value<'a>; N],
}

#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Binary(&'a [u8]),
    Integer(i64),
    Text(&'a str),
}

impl<const N: usize> QueryId for Statement<'_, N> {
    // Known by its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, const N: usize> QueryFragment<DB> for Statement<'_, N>
where
    DB: Backend,
    for<'v> Value<'v>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut texts = self.sql.split('?');
        out.push_sql(texts.next().unwrap_or_default());
        for (value, text) in self.values.iter().zip(texts) {
            value.walk_ast(out.reborrow())?;
            out.push_sql(text);
        }
        Ok(())
    }
}

impl<Conn, const N: usize> RunQueryDsl<Conn> for Statement<'_, N> {}

/// Rows that are inserted, or change those of the same key.
pub(super) struct Upsert<'a, const N: usize> {
    /// `INSERT INTO table (column, …)`.
    pub into: &'static str,
    /// `ON CONFLICT (…) DO UPDATE SET …`.
    pub on_conflict: &'static str,
    pub rows: &'a [[Value<'a>; N]],
}

impl<const N: usize> Upsert<'_, N> {
    /// PostgreSQL takes all rows in one round trip, SQLite one by one with a
    /// statement that is prepared once.
    pub fn run(&self, conn: &mut Conn) -> QueryResult<()> {
        match conn {
            Conn::Postgres(c) if !self.rows.is_empty() => {
                self.execute(c)?;
            }
            Conn::Postgres(_) => {}
            Conn::Sqlite(c) => {
                for row in self.rows {
                    Upsert { rows: std::slice::from_ref(row), ..*self }.execute(c)?;
                }
            }
        }
        Ok(())
    }
}

impl<const N: usize> QueryId for Upsert<'_, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, const N: usize> QueryFragment<DB> for Upsert<'_, N>
where
    DB: Backend,
    for<'v> Value<'v>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.rows.len() > 1 {
            // Hardly ever the same number of rows.
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.into);
        out.push_sql(" VALUES ");
        for (number, row) in self.rows.iter().enumerate() {
            out.push_sql(if number == 0 { "(" } else { ", (" });
            for (number, value) in row.iter().enumerate() {
                if number > 0 {
                    out.push_sql(", ");
                }
                value.walk_ast(out.reborrow())?;
            }
            out.push_sql(")");
        }
        out.push_sql(" ");
        out.push_sql(self.on_conflict);
        Ok(())
    }
}

impl<C, const N: usize> RunQueryDsl<C> for &Upsert<'_, N> {}
impl<C, const N: usize> RunQueryDsl<C> for Upsert<'_, N> {}

impl<DB> QueryFragment<DB> for Value<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match self {
            Self::Binary(bytes) => out.push_bind_param::<Binary, [u8]>(bytes),
            Self::Integer(number) => out.push_bind_param::<BigInt, i64>(number),
            Self::Text(text) => out.push_bind_param::<Text, str>(text),
        }
    }
}
