use std::io::Write as _;
use std::{env, io, thread};

use kt_control_api::random_base32;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls, Row, SimpleQueryMessage};

use crate::store::suite::{StoreFixture, transfers};
use crate::store::{DatabaseAddress, Password, PostgresStore, Store, Transfer};

/// The server of the tests, and its password; `tests/scripts/test.sh` starts one and sets both.
const SERVER: &str = "KT_TEST_POSTGRES";
const PASSWORD: &str = "KT_TEST_POSTGRES_PASSWORD";

/// A database for one test. Dropped with the value.
pub(crate) struct Database {
    server: DatabaseAddress,
    name: String,
    runtime: Runtime,
}

impl Database {
    /// Creates a database. Without a server the test is skipped, which is an error in CI.
    pub(crate) fn new() -> Option<Self> {
        let Ok(url) = env::var(SERVER) else {
            return skipped();
        };
        let password = env::var(PASSWORD).ok().map(Password::new);
        let database = Self {
            server: DatabaseAddress::parse(&url)
                .unwrap()
                .with_password(password.as_ref()),
            name: format!("t_{}", random_base32(12)),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        };
        let sql = format!("CREATE DATABASE {} TEMPLATE template0", database.name);
        database.query(&database.server.config(), &sql).unwrap();
        Some(database)
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = self.server.config();
        config.dbname(self.name.as_str());
        config
    }

    pub(crate) fn address(&self) -> DatabaseAddress {
        self.server.clone().in_database(&self.name)
    }

    pub(crate) fn store(&self) -> PostgresStore {
        PostgresStore::open(&self.address()).unwrap()
    }

    /// Executes a query directly.
    pub(crate) fn rows(&self, sql: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.query(&self.config(), sql)
    }

    /// Executes several statements directly, and returns the connection.
    pub(crate) fn batch(&self, sql: &str) -> Client {
        let config = self.config();
        let done = self.runtime.block_on(async {
            let client = connect(&config).await?;
            client.batch_execute(sql).await?;
            Ok::<_, tokio_postgres::Error>(client)
        });
        done.unwrap()
    }

    /// Continues on the connection of [`Database::batch`].
    pub(crate) fn continue_batch(&self, client: &Client, sql: &str) {
        self.runtime.block_on(client.batch_execute(sql)).unwrap();
    }

    /// Returns the lines of the plan of a query with any values of its parameters.
    pub(crate) fn plan(&self, client: &Client, sql: &str) -> Vec<String> {
        let numbers = (1..u16::MAX).take_while(|number| sql.contains(&format!("${number}")));
        let values = vec!["NULL"; numbers.count()].join(", ");
        let values = Some(values).filter(|values| !values.is_empty());
        let values = values.map_or_else(String::new, |values| format!("({values})"));
        self.runtime.block_on(async {
            let prepare = format!("DEALLOCATE ALL; PREPARE query AS {sql}");
            client.batch_execute(&prepare).await.unwrap();
            let explain = format!("EXPLAIN (COSTS OFF) EXECUTE query{values}");
            let rows = client.simple_query(&explain).await.unwrap();
            let lines = rows.iter().filter_map(|row| match row {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            lines.collect()
        })
    }

    fn query(&self, config: &Config, sql: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        // Tests on many threads execute statements, and one runtime is driven by one of them.
        thread::scope(|scope| {
            let asked = scope.spawn(|| {
                self.runtime.block_on(async {
                    let client = connect(config).await?;
                    client.query(sql, &[]).await
                })
            });
            asked.join().unwrap()
        })
    }
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    drop(tokio::spawn(connection));
    Ok(client)
}

fn skipped<T>() -> Option<T> {
    let test = thread::current().name().unwrap_or_default().to_owned();
    let line = format!("{SERVER} is not set: `tests/scripts/test.sh` starts a PostgreSQL");
    let in_ci = env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    assert!(!in_ci, "{line}");
    // Not `eprintln!`, which is only shown when the test fails.
    writeln!(io::stderr(), "SKIPPED {test}: {line}").unwrap();
    None
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        drop(self.query(&self.server.config(), &sql));
    }
}

impl StoreFixture for Database {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.store())
    }

    fn open_for_transfer(&self) -> Box<dyn Transfer> {
        Box::new(self.store())
    }

    fn tamper(&self, sql: &str) -> bool {
        self.rows(sql).is_ok()
    }

    fn count(&self, sql: &str) -> u64 {
        let rows = self.rows(sql).unwrap();
        rows[0].get::<_, i64>(0).try_into().unwrap()
    }

    fn table(&self, name: &str) -> String {
        format!("kt.{name}")
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

crate::store::suite::suite!(Database::new());

#[test]
fn both_stores_behave_the_same() {
    use crate::store::sqlite::tests::Directory;

    if Database::new().is_none() {
        return;
    }
    crate::store::suite::stores_agree(40, || Some((Directory::new(), Database::new()?)));
}

#[test]
fn a_store_is_transferred_between_files_and_databases() {
    use crate::store::sqlite::tests::Directory;

    let Some(database) = Database::new() else {
        return;
    };
    transfers(&Directory::new(), &|| Database::new().unwrap());
    transfers(&database, &Directory::new);
    transfers(&Database::new().unwrap(), &|| Database::new().unwrap());
}
