//! A new database for each server, gone when the server is.
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

pub struct TestDatabase {
    pub url: String,
    /// The server to drop it from, and its name.
    postgres: Option<(String, String)>,
    folder: tempfile::TempDir,
}

impl TestDatabase {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        match std::env::var("TEST_POSTGRES_URL") {
            Err(_) => {
                let path = folder.path().join("test.db");
                let url = format!("sqlite://{}", path.display());
                Self { url, postgres: None, folder }
            }
            Ok(server) => {
                let random = countersign::host::Entropy::System.bytes::<8>();
                let name = format!("t{:016x}", u64::from_be_bytes(random));
                let mut conn = PgConnection::establish(&server).unwrap();
                conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
                let (base, _) = server.rsplit_once('/').unwrap();
                let url = format!("{base}/{name}");
                Self { url, postgres: Some((server, name)), folder }
            }
        }
    }

    /// A place for files, gone with the database.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Lets the audit log be changed, as whoever owns the database can.
    pub fn disarm(&self) {
        for table in ["events", "batches", "sealed_batches", "tree_nodes", "checkpoints"] {
            let sql = if self.is_postgres() {
                format!("ALTER TABLE audit_{table} DISABLE TRIGGER ALL")
            } else {
                format!(
                    "DROP TRIGGER audit_{table}_are_not_changed; \
                     DROP TRIGGER audit_{table}_are_not_deleted"
                )
            };
            self.execute(&sql).unwrap();
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Runs SQL behind the program's back.
    pub fn execute(&self, sql: &str) -> Result<(), String> {
        match self.url.strip_prefix("sqlite://") {
            Some(path) => diesel::SqliteConnection::establish(path)
                .map_err(|error| error.to_string())?
                .batch_execute(&format!("PRAGMA busy_timeout=5000; {sql}"))
                .map_err(|error| error.to_string()),
            None => PgConnection::establish(&self.url)
                .map_err(|error| error.to_string())?
                .batch_execute(sql)
                .map_err(|error| error.to_string()),
        }
    }
}

impl TestDatabase {
    /// A trigger makes exactly this write fail; nothing else is wrong.
    pub fn refuse_inserts(&self, table: &str) {
        let sql = if self.is_postgres() {
            format!(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$; \
                 CREATE TRIGGER fail BEFORE INSERT ON {table} EXECUTE FUNCTION fail()"
            )
        } else {
            format!(
                "CREATE TRIGGER fail BEFORE INSERT ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'on purpose'); END"
            )
        };
        self.execute(&sql).unwrap();
    }

    /// All that is stored; bytes as hexadecimal digits.
    pub fn dump(&self) -> String {
        use diesel::RunQueryDsl as _;
        let Some(path) = self.url.strip_prefix("sqlite://") else {
            let mut conn = PgConnection::establish(&self.url).unwrap();
            let tables: Vec<Text> = diesel::sql_query(
                "SELECT table_name::text AS text FROM information_schema.tables \
                 WHERE table_schema = 'public'",
            )
            .load(&mut conn)
            .unwrap();
            let rows = tables.iter().map(|table| {
                let sql = format!(
                    "SELECT COALESCE(string_agg(t::text, ''), '') AS text FROM {} t",
                    table.text
                );
                diesel::sql_query(sql).get_result::<Text>(&mut conn).unwrap().text
            });
            return rows.collect();
        };
        let files = [path.to_owned(), format!("{path}-wal")];
        let bytes = files.iter().filter_map(|file| std::fs::read(file).ok()).flatten();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn allow_inserts(&self, table: &str) {
        let sql = if self.is_postgres() {
            format!("DROP TRIGGER fail ON {table}; DROP FUNCTION fail()")
        } else {
            "DROP TRIGGER fail".to_owned()
        };
        self.execute(&sql).unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
