//! Whether a text has another in it, letter by letter. `LIKE` would do, but takes SQLite
//! twice as long, and a search looks at all names.
use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

/// `text` has `part` in it.
pub fn holds<E>(text: E, part: &str) -> Holds<E> {
    Holds { text, part: part.to_owned() }
}

#[derive(Debug, Clone)]
pub struct Holds<E> {
    text: E,
    part: String,
}

impl<E> Holds<E> {
    /// What each database calls the place of one text in another; 0: it is not there.
    fn walk<'b, B>(&'b self, function: &str, mut out: AstPass<'_, 'b, B>) -> QueryResult<()>
    where
        B: Backend + diesel::sql_types::HasSqlType<Text>,
        E: QueryFragment<B>,
        String: diesel::serialize::ToSql<Text, B>,
    {
        out.push_sql(function);
        out.push_sql("(");
        self.text.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.part)?;
        out.push_sql(") > 0");
        Ok(())
    }
}

impl<E: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Holds<E> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk("instr", out)
    }
}

impl<E: QueryFragment<Pg>> QueryFragment<Pg> for Holds<E> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk("strpos", out)
    }
}

impl<E: Expression<SqlType = Text>> Expression for Holds<E> {
    type SqlType = Bool;
}

impl<E: QueryId> QueryId for Holds<E> {
    type QueryId = Holds<E::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = E::HAS_STATIC_QUERY_ID;
}

impl<E> ValidGrouping<()> for Holds<E> {
    type IsAggregate = is_aggregate::No;
}

impl<E: AppearsOnTable<T>, T> AppearsOnTable<T> for Holds<E> where Self: Expression {}

impl<E: SelectableExpression<T>, T> SelectableExpression<T> for Holds<E> where
    Self: AppearsOnTable<T>
{
}
