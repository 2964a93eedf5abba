//! Values of stored rows with one bit changed, as SQL.
use countersign::store::Conn;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl as _};

pub fn execute(conn: &mut Conn, sql: &str) -> Result<(), diesel::result::Error> {
    match conn {
        Conn::Postgres(conn) => conn.batch_execute(sql),
        Conn::Sqlite(conn) => conn.batch_execute(sql),
    }
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Nullable<Text>)]
    hex: Option<String>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

pub fn numbers(conn: &mut Conn, sql: &str) -> Vec<i64> {
    let query = diesel::sql_query(sql);
    let found: Vec<Number> = match conn {
        Conn::Postgres(conn) => query.load(conn).unwrap(),
        Conn::Sqlite(conn) => query.load(conn).unwrap(),
    };
    found.into_iter().map(|found| found.number).collect()
}

/// The bytes of a value; a text's are those of UTF-8.
fn bytes(conn: &mut Conn, table: &str, column: (&str, Type), which: &str) -> Option<Vec<u8>> {
    let (name, of) = column;
    let hex = match (&conn, of) {
        (Conn::Sqlite(_), _) => format!("hex({name})"),
        (Conn::Postgres(_), Type::Bytes) => format!("encode({name}, 'hex')"),
        (Conn::Postgres(_), _) => format!("encode(convert_to({name}, 'UTF8'), 'hex')"),
    };
    let query = format!(
        "SELECT CASE WHEN {name} IS NULL THEN NULL ELSE {hex} END AS hex FROM {table} WHERE {which}"
    );
    let query = diesel::sql_query(query);
    let found: Value = match conn {
        Conn::Postgres(conn) => query.get_result(conn).unwrap(),
        Conn::Sqlite(conn) => query.get_result(conn).unwrap(),
    };
    let digits = found.hex?;
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    Some((0..digits.len()).step_by(2).map(byte).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Bytes,
    Number,
}

/// The value as SQL has it.
fn literal(conn: &Conn, of: Type, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match (conn, of) {
        (Conn::Sqlite(_), Type::Bytes) => format!("x'{hex}'"),
        (Conn::Sqlite(_), _) => format!("CAST(x'{hex}' AS TEXT)"),
        (Conn::Postgres(_), Type::Bytes) => format!("'\\x{hex}'"),
        (Conn::Postgres(_), _) => format!("convert_from('\\x{hex}', 'UTF8')"),
    }
}

/// Every byte of these columns, one bit of each, as statements that change it and,
/// behind ` -- `, put it back.
pub fn flips(conn: &mut Conn, table: &str, columns: &[(&str, Type)], which: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (name, of) in columns.iter().copied() {
        if of == Type::Number {
            let value =
                numbers(conn, &format!("SELECT {name} AS number FROM {table} WHERE {which}"))[0];
            // SQL has no literal for the least number.
            for other in (0..62).map(|bit| value ^ (1 << bit)) {
                all.push(format!(
                    "UPDATE {table} SET {name} = {other} WHERE {which} -- \
                     UPDATE {table} SET {name} = {value} WHERE {name} = {other}"
                ));
            }
            continue;
        }
        let Some(value) = bytes(conn, table, (name, of), which) else {
            all.push(format!(
                "UPDATE {table} SET {name} = 'x' WHERE {which} -- \
                 UPDATE {table} SET {name} = NULL WHERE {which}"
            ));
            continue;
        };
        let back = literal(conn, of, &value);
        for at in 0..value.len() {
            let mut other = value.clone();
            other[at] ^= 1 << (at % 8);
            let other = literal(conn, of, &other);
            all.push(format!(
                "UPDATE {table} SET {name} = {other} WHERE {which} -- \
                 UPDATE {table} SET {name} = {back} WHERE {which}"
            ));
        }
    }
    all
}
