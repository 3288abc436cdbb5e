//! Reads, inserts and updates rows as they are declared.

use std::borrow::Cow;

use rusqlite::types::{FromSqlError, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, params_from_iter};

use crate::store::StoreError;
use crate::store::table::{Column, ColumnReader, ColumnType, Row, SqlValue};

impl ColumnReader for rusqlite::Row<'_> {
    type Error = rusqlite::Error;

    fn value(&self, column: &Column) -> Result<SqlValue<'_>, rusqlite::Error> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| self.invalid(column));
        Ok(match (self.get_ref(column.name)?, column.ty) {
            (ValueRef::Null, _) => SqlValue::Null,
            (ValueRef::Integer(number), ColumnType::Boolean) => SqlValue::Boolean(number != 0),
            (ValueRef::Integer(number), _) => SqlValue::BigInt(number),
            (ValueRef::Text(bytes), ColumnType::Json) => {
                SqlValue::Json(Cow::Borrowed(text(bytes)?))
            }
            (ValueRef::Text(bytes), _) => SqlValue::Text(Cow::Borrowed(text(bytes)?)),
            (ValueRef::Blob(bytes), _) => SqlValue::Bytes(Cow::Borrowed(bytes)),
            (ValueRef::Real(_), _) => return Err(self.invalid(column)),
        })
    }

    fn invalid(&self, column: &Column) -> rusqlite::Error {
        let at = self.as_ref().column_index(column.name).unwrap_or_default();
        let error = FromSqlError::Other("the value is corrupt".into());
        rusqlite::Error::FromSqlConversionFailure(at, Type::Null, error.into())
    }
}

impl ToSql for SqlValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Boolean(value) => ValueRef::Integer((*value).into()),
            Self::BigInt(number) => ValueRef::Integer(*number),
            Self::Text(text) | Self::Json(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Returns the columns of a row for a `SELECT`, each after `prefix`.
pub(super) fn select_list<T: Row>(prefix: &str) -> String {
    let columns = T::COLUMNS.iter();
    let columns: Vec<_> = columns
        .map(|column| format!("{prefix}{}", column.name))
        .collect();
    columns.join(", ")
}

/// Returns the statement that selects the rows of a table; `condition` is what follows its name.
pub(super) fn select<T: Row>(condition: &str) -> String {
    format!("SELECT {} FROM {} {condition}", T::column_list(), T::TABLE)
}

/// Reads at most one row of a statement of [`select`].
pub(super) fn query_one<T: Row>(
    connection: &Connection,
    condition: &str,
    values: impl Params,
) -> Result<Option<T>, rusqlite::Error> {
    connection
        .prepare_cached(&select::<T>(condition))?
        .query_row(values, |row| T::from_row(row))
        .optional()
}

/// Reads all rows of a statement of [`select`].
pub(super) fn query<T: Row>(
    connection: &Connection,
    condition: &str,
    values: impl Params,
) -> Result<Vec<T>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&select::<T>(condition))?;
    statement
        .query_map(values, |row| T::from_row(row))?
        .collect()
}

/// Inserts a row. Returns whether it was inserted; `conflict` says when it is not.
pub(super) fn insert<T: Row>(
    connection: &Connection,
    row: &T,
    conflict: &str,
) -> Result<bool, StoreError> {
    let places = vec!["?"; T::COLUMNS.len()].join(", ");
    let sql = format!(
        "INSERT INTO {}({}) VALUES({places}) {conflict}",
        T::TABLE,
        T::column_list()
    );
    let values = params_from_iter(row.to_values()?);
    Ok(connection.prepare_cached(&sql)?.execute(values)? > 0)
}

/// Updates those columns of a row that `is_updated` selects, by the id of the row.
pub(super) fn update<T: Row>(
    connection: &Connection,
    row: &T,
    id: &str,
    is_updated: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    let updated = T::COLUMNS.iter().zip(row.to_values()?);
    let (columns, mut values): (Vec<_>, Vec<_>) = updated
        .filter(|(column, _)| is_updated(column.name))
        .map(|(column, value)| (format!("{} = ?", column.name), value))
        .unzip();
    let sql = format!(
        "UPDATE {} SET {} WHERE id = ?",
        T::TABLE,
        columns.join(", ")
    );
    values.push(SqlValue::Text(Cow::Borrowed(id)));
    connection
        .prepare_cached(&sql)?
        .execute(params_from_iter(values))?;
    Ok(())
}
