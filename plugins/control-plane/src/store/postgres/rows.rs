//! Reads, inserts and updates rows as they are declared.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::sync::LazyLock;

use bytes::BytesMut;
use kt_control_api::{ContentHash, DesiredVersion, StatusReport, Timestamp};
use serde::Deserialize;
use tokio_postgres::Row as PgRow;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::query_error::QueryError;
use super::session::Session;
use super::text::{storable, storable_json_text};
use crate::store::table::{Column, ColumnReader, ColumnType, Row, SqlValue};
use crate::store::{DesiredState, GatewayRow, GatewaySnapshot, InstanceRecord, StoreError};

/// Selects what [`state`] reads. The gateway is `g`.
pub(super) static STATE: LazyLock<String> = LazyLock::new(|| state_with(""));

/// Selects what [`snapshot`] reads, in one statement and so of one moment. The gateway is `g`.
pub(super) static SNAPSHOT: LazyLock<String> = LazyLock::new(|| {
    state_with(
        ", (SELECT coalesce(json_agg(json_build_object('report', i.report, 'seq', i.seq,
                       'seen_at', i.seen_at, 'lease_until', i.lease_until) ORDER BY i.seen_at DESC, i.instance_id), '[]')
            FROM instances i WHERE i.gateway_id = g.id)::text AS instances",
    )
});

fn state_with(columns: &str) -> String {
    format!(
        "SELECT {}, v.sha256 AS desired_sha256,
           (SELECT m.v FROM meta m WHERE m.k = 'epoch') AS epoch{columns}
         FROM gateways g
         LEFT JOIN config_versions v ON v.gateway_id = g.id AND v.version = g.desired_version",
        select_list::<GatewayRow>("g.")
    )
}

impl ColumnReader for PgRow {
    type Error = QueryError;

    fn value(&self, column: &Column) -> Result<SqlValue<'_>, QueryError> {
        let name = column.name;
        let value = match column.ty {
            ColumnType::Boolean => self
                .try_get::<_, Option<bool>>(name)?
                .map(SqlValue::Boolean),
            ColumnType::BigInt => self.try_get::<_, Option<i64>>(name)?.map(SqlValue::BigInt),
            ColumnType::Text => borrowed::<str>(self, name)?.map(SqlValue::Text),
            ColumnType::Json => borrowed::<str>(self, name)?.map(SqlValue::Json),
            ColumnType::Bytes => borrowed::<[u8]>(self, name)?.map(SqlValue::Bytes),
        };
        Ok(value.unwrap_or(SqlValue::Null))
    }

    fn invalid(&self, column: &Column) -> QueryError {
        corrupt(column.name)
    }
}

fn borrowed<'a, T: ToOwned + ?Sized>(
    row: &'a PgRow,
    column: &str,
) -> Result<Option<Cow<'a, T>>, QueryError>
where
    &'a T: FromSql<'a>,
{
    let value: Option<&T> = row.try_get(column)?;
    Ok(value.map(Cow::Borrowed))
}

impl ToSql for SqlValue<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Boolean(value) => value.to_sql(ty, out),
            Self::BigInt(number) => number.to_sql(ty, out),
            Self::Text(text) => storable(text).as_ref().to_sql(ty, out),
            Self::Json(text) => storable_json_text(text).as_ref().to_sql(ty, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Returns the columns of a row for a `SELECT`, each after `prefix`.
pub(super) fn select_list<T: Row>(prefix: &str) -> String {
    let column = |column: &Column| match (column.name, column.ty) {
        (name, ColumnType::Json) => format!("{prefix}{name}::text AS {name}"),
        (name, _) => format!("{prefix}{name}"),
    };
    let columns: Vec<_> = T::COLUMNS.iter().map(column).collect();
    columns.join(", ")
}

/// Returns the parameters for the columns of a row, numbered from `first`.
pub(super) fn parameters<T: Row>(first: usize) -> Vec<String> {
    let parameter = |(number, column): (usize, &Column)| match column.ty {
        ColumnType::Boolean => format!("${number}::boolean"),
        ColumnType::BigInt => format!("${number}::bigint"),
        ColumnType::Text => format!("${number}::text"),
        ColumnType::Json => format!("${number}::text::jsonb"),
        ColumnType::Bytes => format!("${number}::bytea"),
    };
    (first..).zip(T::COLUMNS).map(parameter).collect()
}

/// Returns the statement that selects the rows of a table; `condition` is what follows its name.
pub(super) fn select<T: Row>(condition: &str) -> String {
    let columns = select_list::<T>("");
    format!("SELECT {columns} FROM {} {condition}", T::TABLE)
}

/// Returns the statement that inserts a row.
pub(super) fn insert_statement<T: Row>() -> String {
    format!(
        "INSERT INTO {}({}) VALUES({})",
        T::TABLE,
        T::column_list(),
        parameters::<T>(1).join(", ")
    )
}

/// Returns the assignments of an `UPDATE` of all columns; the first parameter is `first`.
pub(super) fn assignments<T: Row>(first: usize) -> String {
    let columns = T::COLUMNS.iter().zip(parameters::<T>(first));
    let assignments: Vec<_> = columns
        .map(|(column, parameter)| format!("{} = {parameter}", column.name))
        .collect();
    assignments.join(", ")
}

/// Returns values as the parameters of a statement.
pub(super) fn bound<'a>(values: &'a [SqlValue<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

/// Inserts a row. Returns whether it was inserted; `conflict` says when it is not.
pub(super) async fn insert<T: Row>(
    session: &Session,
    row: &T,
    conflict: &str,
) -> Result<bool, QueryError> {
    let sql = format!("{} {conflict} RETURNING 1", insert_statement::<T>());
    let values = row.to_values()?;
    Ok(session.row(&sql, &bound(&values)).await?.is_some())
}

/// Reads rows of a statement of [`select`].
pub(super) fn read_all<T: Row>(rows: &[PgRow]) -> Result<Vec<T>, QueryError> {
    rows.iter().map(T::from_row).collect()
}

#[derive(Deserialize)]
struct Instance {
    report: StatusReport,
    seq: u64,
    seen_at: i64,
    lease_until: i64,
}

pub(super) fn snapshot(row: &PgRow) -> Result<GatewaySnapshot, QueryError> {
    let instances: Vec<Instance> = serde_json::from_str(row.try_get("instances")?)?;
    let record = |instance: Instance| {
        Ok(InstanceRecord {
            report: instance.report,
            seq: instance.seq,
            seen_at: time_of(instance.seen_at)?,
            lease_until: time_of(instance.lease_until)?,
        })
    };
    let instances = instances.into_iter().map(record);
    let instances = instances.collect::<Result<_, QueryError>>()?;
    Ok(state(row)?.with_instances(instances))
}

/// Reads a gateway and its desired version.
pub(super) fn state(row: &PgRow) -> Result<DesiredState, QueryError> {
    let gateway = GatewayRow::from_row(row)?;
    let desired = match gateway.desired_version {
        Some(version) => Some(DesiredVersion {
            version,
            generation: gateway.generation,
            sha256: hash(row, "desired_sha256")?,
        }),
        None => None,
    };
    Ok(DesiredState {
        epoch: row.try_get("epoch")?,
        gateway,
        desired,
    })
}

pub(super) fn number(row: &PgRow, column: &str) -> Result<u64, QueryError> {
    row.try_get::<_, i64>(column)?
        .try_into()
        .map_err(|_| corrupt(column))
}

fn time_of(micros: i64) -> Result<Timestamp, QueryError> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt("a time"))
}

/// Reads a column of 32 bytes.
pub(super) fn bytes(row: &PgRow, column: &str) -> Result<[u8; 32], QueryError> {
    row.try_get::<_, &[u8]>(column)?
        .try_into()
        .map_err(|_| corrupt(column))
}

pub(super) fn hash(row: &PgRow, column: &str) -> Result<ContentHash, QueryError> {
    bytes(row, column).map(ContentHash::from_bytes)
}

/// Reads a column of text and parses it.
pub(super) fn parse<T: std::str::FromStr>(row: &PgRow, column: &str) -> Result<T, QueryError> {
    row.try_get::<_, &str>(column)?
        .parse()
        .map_err(|_| corrupt(column))
}

/// Reads the only column of a row.
pub(super) fn only<'a, T: FromSql<'a>>(row: &'a PgRow) -> Result<T, QueryError> {
    Ok(row.try_get(0)?)
}

/// Converts a number to one of the database, which counts in 63 bits.
pub(super) fn bigint(number: u64) -> Result<i64, QueryError> {
    number
        .try_into()
        .map_err(|_| QueryError::Store(StoreError::Failed(format!("{number} is too large"))))
}

pub(super) fn corrupt(what: impl Display) -> QueryError {
    QueryError::Store(StoreError::Failed(format!(
        "a row cannot be read: {what} is corrupt"
    )))
}
