//! How values of Rust types are stored in columns.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kt_control_api::{
    ContentHash, DriftPolicy, GatewayId, Halt, StatusReport, Timestamp, TokenId, TokenScope,
    VersionOrigin,
};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum ColumnType {
    Boolean,
    BigInt,
    Text,
    Bytes,
    Json,
}

/// A value as both databases store it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum SqlValue<'a> {
    Null,
    Boolean(bool),
    BigInt(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Json(Cow<'a, str>),
}

/// A value that a column cannot hold, or that its type does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::store) struct ColumnError(pub(in crate::store) String);

/// A type that a column can hold.
pub(in crate::store) trait Field: Sized {
    /// The type of the column.
    const TYPE: ColumnType;

    /// Returns the value to store.
    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError>;

    /// Reads a stored value; `None` when it is not one of this type.
    fn from_sql(value: SqlValue<'_>) -> Option<Self>;
}

impl<T: Field> Field for Option<T> {
    const TYPE: ColumnType = T::TYPE;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        self.as_ref().map_or(Ok(SqlValue::Null), T::to_sql)
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Null => Some(None),
            value => T::from_sql(value).map(Some),
        }
    }
}

impl Field for bool {
    const TYPE: ColumnType = ColumnType::Boolean;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        Ok(SqlValue::Boolean(*self))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Boolean(value) => Some(value),
            _ => None,
        }
    }
}

/// Databases count in 63 bits.
impl Field for u64 {
    const TYPE: ColumnType = ColumnType::BigInt;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        i64::try_from(*self)
            .map(SqlValue::BigInt)
            .map_err(|_| ColumnError(format!("{self} is too large")))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::BigInt(number) => number.try_into().ok(),
            _ => None,
        }
    }
}

/// Stored as microseconds since the Unix epoch.
impl Field for Timestamp {
    const TYPE: ColumnType = ColumnType::BigInt;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        Ok(SqlValue::BigInt(self.as_microsecond()))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::BigInt(micros) => Timestamp::from_microsecond(micros).ok(),
            _ => None,
        }
    }
}

impl Field for String {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        Ok(text(self))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}

impl Field for ContentHash {
    const TYPE: ColumnType = ColumnType::Bytes;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        Ok(SqlValue::Bytes(Cow::Borrowed(self.as_bytes())))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Bytes(bytes) => bytes.as_ref().try_into().ok().map(Self::from_bytes),
            _ => None,
        }
    }
}

/// Types that are stored as JSON.
macro_rules! json_fields {
    ($($type:ty),+) => {
        $(
            impl Field for $type {
                const TYPE: ColumnType = ColumnType::Json;

                fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
                    serde_json::to_string(self)
                        .map(|text| SqlValue::Json(Cow::Owned(text)))
                        .map_err(|error| ColumnError(error.to_string()))
                }

                fn from_sql(value: SqlValue<'_>) -> Option<Self> {
                    match value {
                        SqlValue::Json(text) => serde_json::from_str(&text).ok(),
                        _ => None,
                    }
                }
            }
        )+
    };
}

json_fields!(BTreeMap<String, String>, Halt, StatusReport);

/// Details of the audit log are text in both databases: their hash covers the text.
impl Field for serde_json::Value {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
        Ok(SqlValue::Text(Cow::Owned(self.to_string())))
    }

    fn from_sql(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Text(text) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }
}

/// Types that are stored as text that they parse.
macro_rules! text_fields {
    ($($type:ty: $parse:expr;)+) => {
        $(
            impl Field for $type {
                const TYPE: ColumnType = ColumnType::Text;

                fn to_sql(&self) -> Result<SqlValue<'_>, ColumnError> {
                    Ok(text(self.as_str()))
                }

                fn from_sql(value: SqlValue<'_>) -> Option<Self> {
                    match value {
                        SqlValue::Text(text) => $parse(text.as_ref()),
                        _ => None,
                    }
                }
            }
        )+
    };
}

text_fields! {
    GatewayId: |text: &str| text.parse().ok();
    TokenId: |text: &str| text.parse().ok();
    DriftPolicy: DriftPolicy::parse;
    VersionOrigin: VersionOrigin::parse;
    TokenScope: TokenScope::parse;
}

fn text(text: &str) -> SqlValue<'_> {
    SqlValue::Text(Cow::Borrowed(text))
}
