//! Rows of tables, declared once for both databases.
//!
//! [`row!`] declares a struct whose fields are the columns of a table. From that declaration the
//! stores read, insert and update rows and write and read exports, so a new column is a new field
//! there, and a migration of each database.

mod conditions;
mod field;
mod row;

pub(in crate::store) use conditions::{Conditions, Dialect, number, text};
pub(in crate::store) use field::{ColumnError, ColumnType, Field, SqlValue};
pub(in crate::store) use row::{Column, ColumnReader, Row, columns, read_field, row};
