//! Migrates a database to the newest schema, and checks whether this version of kt supports it.

use jiff::Timestamp;
use kt_control_api::random_base32;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use crate::store::StoreError;
use crate::store::migrations::POSTGRES;

/// The oldest schema whose programs may write this one. A step that only adds columns or tables
/// does not change it, so that a server with an older kt continues to work.
const OLDEST_WRITER: u32 = 1;
/// The oldest schema whose programs may read this one.
const OLDEST_READER: u32 = 1;

/// The newest schema that this version supports.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer steps")]
const NEWEST: u32 = POSTGRES.len() as u32;

/// "ktcp" in ASCII: the advisory lock under which one server at a time migrates.
const LOCK: i64 = 0x6b74_6370;

/// What the schema declares about itself.
struct SchemaInfo {
    schema: u32,
    oldest_writer: u32,
}

/// Migrates the database. Returns its schema.
pub(super) async fn migrate(session: &mut Session) -> Result<u32, QueryError> {
    if let Some(schema) = usable(read_schema_info(session).await?)? {
        return Ok(schema);
    }
    session.begin();
    let outcome = migrate_locked(session).await;
    match outcome {
        Ok(_) => session.committed(),
        Err(_) => session.roll_back().await,
    }
    outcome
}

/// Migrates unless another server has done so. The lock is released with the transaction, and so
/// when the server ends.
async fn migrate_locked(session: &Session) -> Result<u32, QueryError> {
    session.batch_execute("BEGIN").await?;
    session
        .batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    let found = read_schema_info(session).await?;
    if let Some(schema) = usable(found.as_ref().map(copy))? {
        session.batch_execute("COMMIT").await?;
        return Ok(schema);
    }
    let from = found.map_or(0, |found| found.schema);
    if from == 0 {
        session.batch_execute("CREATE SCHEMA kt").await?;
    }
    for step in POSTGRES.iter().skip(from as usize) {
        session.batch_execute(step).await?;
    }
    if from == 0 {
        put(session, "application", "kt control-plane").await?;
        put(session, "epoch", &random_base32(16)).await?;
        let now = Timestamp::now().as_microsecond().to_string();
        put(session, "created_at", &now).await?;
    }
    put(session, "schema", &NEWEST.to_string()).await?;
    put(session, "oldest_writer", &OLDEST_WRITER.to_string()).await?;
    put(session, "oldest_reader", &OLDEST_READER.to_string()).await?;
    session.batch_execute("COMMIT").await?;
    Ok(NEWEST)
}

/// Reads what the schema declares; `None` when there is no schema.
async fn read_schema_info(session: &Session) -> Result<Option<SchemaInfo>, QueryError> {
    // From the system tables, not with `to_regclass`, which caches lookups and would not see what
    // another server committed while the lock was awaited.
    let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'kt'),
                   EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE n.nspname = 'kt' AND c.relname = 'meta')";
    let row = session.row(sql, &[]).await?;
    let (schema, meta) = match &row {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (false, false),
    };
    if !schema {
        return Ok(None);
    }
    if !meta {
        return Err(foreign_schema());
    }
    let sql = "SELECT k, v FROM kt.meta WHERE k IN ('application', 'schema', 'oldest_writer')";
    let found = session.rows(sql, &[]).await.map_err(|_| foreign_schema())?;
    let value = |key: &str| {
        let row = found.iter().find(|row| row.get::<_, &str>("k") == key);
        row.map(|row| row.get::<_, &str>("v"))
    };
    let number = |key| value(key).and_then(|text| text.parse::<u32>().ok());
    match (
        value("application"),
        number("schema"),
        number("oldest_writer"),
    ) {
        (Some("kt control-plane"), Some(schema), Some(oldest_writer)) => Ok(Some(SchemaInfo {
            schema,
            oldest_writer,
        })),
        _ => Err(foreign_schema()),
    }
}

fn copy(found: &SchemaInfo) -> SchemaInfo {
    SchemaInfo { ..*found }
}

/// Returns the schema when it can be used as it is; `None` when it must be created or migrated.
fn usable(found: Option<SchemaInfo>) -> Result<Option<u32>, QueryError> {
    match found {
        Some(found) if found.schema == NEWEST => Ok(Some(found.schema)),
        // Its creator declares which versions may use it.
        Some(found) if found.schema > NEWEST && found.oldest_writer <= NEWEST => {
            Ok(Some(found.schema))
        }
        Some(found) if found.schema > NEWEST => Err(StoreError::UnsupportedSchema {
            found: found.schema,
            supported: NEWEST,
        }
        .into()),
        _ => Ok(None),
    }
}

fn foreign_schema() -> QueryError {
    QueryError::Store(StoreError::Unusable(
        "the database has a schema `kt` that is not one of kt's control plane".to_owned(),
    ))
}

async fn put(session: &Session, key: &str, value: &str) -> Result<(), QueryError> {
    let sql =
        "INSERT INTO kt.meta(k, v) VALUES($1, $2) ON CONFLICT(k) DO UPDATE SET v = excluded.v";
    session.rows(sql, &[&key, &value]).await.map(drop)
}

/// Reads a value that the schema declares.
pub(super) async fn value(session: &Session, key: &str) -> Result<String, QueryError> {
    let row = session
        .row("SELECT v FROM meta WHERE k = $1", &[&key])
        .await?;
    row.as_ref()
        .map_or_else(|| Err(rows::corrupt("meta")), rows::only)
}
