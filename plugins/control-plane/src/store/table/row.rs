//! Structs whose fields are the columns of a table.

use super::field::{ColumnError, ColumnType, Field, SqlValue};

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) ty: ColumnType,
}

/// A row of a query's result, in either database.
pub(in crate::store) trait ColumnReader {
    /// How reading fails.
    type Error;

    /// Reads the value of a column.
    fn value(&self, column: &Column) -> Result<SqlValue<'_>, Self::Error>;

    /// Returns the error for a column whose value is not one of its type.
    fn invalid(&self, column: &Column) -> Self::Error;
}

/// A struct whose fields are the columns of a table. Implemented by [`row!`] and [`columns!`].
pub(in crate::store) trait Row: Sized {
    /// The name of the table.
    const TABLE: &'static str;
    /// The columns, in the order of the fields.
    const COLUMNS: &'static [Column];

    /// Reads a row of a query that selects all columns.
    fn from_row<R: ColumnReader>(row: &R) -> Result<Self, R::Error>;

    /// Returns the values of the columns, in their order.
    fn to_values(&self) -> Result<Vec<SqlValue<'_>>, ColumnError>;

    /// Returns the names of the columns, as a list for SQL.
    fn column_list() -> String {
        let names: Vec<_> = Self::COLUMNS.iter().map(|column| column.name).collect();
        names.join(", ")
    }
}

/// Reads one field of a row.
pub(in crate::store) fn read_field<T: Field, R: ColumnReader>(
    row: &R,
    column: &Column,
) -> Result<T, R::Error> {
    T::from_sql(row.value(column)?).ok_or_else(|| row.invalid(column))
}

/// Declares a struct whose fields are the columns of a table:
/// `struct NAME in "TABLE" { FIELD: TYPE as "COLUMN", … }`. A column has the name of its field
/// unless `as` gives another one.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $row:ident in $table:literal {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty $(as $column:literal)?,)+
        }
    ) => {
        $(#[$meta])*
        $visibility struct $row {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        $crate::store::table::columns! {
            $row in $table { $($field: $type $(as $column)?,)+ }
        }
    };
}

/// Declares which columns the fields of an existing struct are; see [`row!`].
macro_rules! columns {
    ($row:ident in $table:literal { $($field:ident: $type:ty $(as $column:literal)?,)+ }) => {
        impl $crate::store::table::Row for $row {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [$crate::store::table::Column] = &[
                $($crate::store::table::columns!(@column $field: $type $(as $column)?),)+
            ];

            fn from_row<R: $crate::store::table::ColumnReader>(row: &R) -> Result<Self, R::Error> {
                Ok(Self {
                    $($field: $crate::store::table::read_field(
                        row,
                        &const { $crate::store::table::columns!(@column $field: $type $(as $column)?) },
                    )?,)+
                })
            }

            fn to_values(
                &self,
            ) -> Result<Vec<$crate::store::table::SqlValue<'_>>, $crate::store::table::ColumnError> {
                Ok(vec![$($crate::store::table::Field::to_sql(&self.$field)?,)+])
            }
        }
    };
    (@column $field:ident: $type:ty) => {
        $crate::store::table::columns!(@column $field: $type as (stringify!($field)))
    };
    (@column $field:ident: $type:ty as $column:expr) => {
        $crate::store::table::Column {
            name: $column,
            ty: <$type as $crate::store::table::Field>::TYPE,
        }
    };
}

pub(in crate::store) use {columns, row};
