//! The conditions of a query, of which only those are part that its filter sets.
//!
//! A condition such as `?1 IS NULL OR target = ?1` cannot use an index: the statement is planned
//! for every value.

use super::field::SqlValue;

/// What differs between the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    Sqlite,
    Postgres,
}

/// Conditions, and the values of their parameters.
#[derive(Debug)]
pub(in crate::store) struct Conditions<'a> {
    dialect: Dialect,
    conditions: Vec<String>,
    values: Vec<SqlValue<'a>>,
}

impl<'a> Conditions<'a> {
    pub(in crate::store) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            conditions: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds a condition without parameters.
    pub(in crate::store) fn add(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// Adds a condition that ends with a parameter, as in `seq <`.
    pub(in crate::store) fn compare(&mut self, condition: &str, value: SqlValue<'a>) {
        let parameter = self.parameter(value);
        self.conditions.push(format!("{condition} {parameter}"));
    }

    /// Adds those of the comparisons that have a value. An index is used for the first one only:
    /// SQLite has no statistics to choose with.
    pub(in crate::store) fn compare_indexed(&mut self, columns: [(&str, Option<SqlValue<'a>>); 3]) {
        let given = columns
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)));
        for (number, (column, value)) in given.enumerate() {
            let unindexed = number > 0 && self.dialect == Dialect::Sqlite;
            let sign = if unindexed { "+" } else { "" };
            self.compare(&format!("{sign}{column} ="), value);
        }
    }

    /// Adds a value, and returns the name of its parameter.
    pub(in crate::store) fn parameter(&mut self, value: SqlValue<'a>) -> String {
        self.values.push(value);
        let sign = match self.dialect {
            Dialect::Sqlite => '?',
            Dialect::Postgres => '$',
        };
        format!("{sign}{}", self.values.len())
    }

    /// Returns the `WHERE` of the conditions so far, which those of another query follow. The values
    /// stay.
    pub(in crate::store) fn take_where(&mut self) -> String {
        let conditions = std::mem::take(&mut self.conditions);
        if conditions.is_empty() {
            return String::new();
        }
        format!("WHERE {}", conditions.join(" AND "))
    }

    /// Returns the `WHERE` of the conditions, followed by `rest`, and the values.
    pub(in crate::store) fn into_sql(mut self, rest: &str) -> (String, Vec<SqlValue<'a>>) {
        let condition = self.take_where();
        (format!("{condition} {rest}"), self.values)
    }
}

/// Returns text as a value.
pub(in crate::store) fn text(text: &str) -> SqlValue<'_> {
    SqlValue::Text(text.into())
}

/// Returns a number as a value; one that the databases cannot count to becomes the largest one.
pub(in crate::store) fn number(number: u64) -> SqlValue<'static> {
    SqlValue::BigInt(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_is_a_condition() {
        let mut all = Conditions::new(Dialect::Sqlite);
        all.compare_indexed([("a", None), ("b", None), ("c", None)]);
        let limit = all.parameter(number(3));
        let (sql, values) = all.into_sql(&format!("LIMIT {limit}"));
        assert_eq!((sql.trim(), values.len()), ("LIMIT ?1", 1));
        for (dialect, expected) in [
            (
                Dialect::Sqlite,
                "WHERE a = ?1 AND +c = ?2 AND d < ?3 AND e ",
            ),
            (
                Dialect::Postgres,
                "WHERE a = $1 AND c = $2 AND d < $3 AND e ",
            ),
        ] {
            let mut some = Conditions::new(dialect);
            some.compare_indexed([("a", Some(text("x"))), ("b", None), ("c", Some(text("y")))]);
            some.compare("d <", number(u64::MAX));
            some.add("e");
            let (sql, values) = some.into_sql("");
            assert_eq!(sql, expected);
            assert_eq!(values, [text("x"), text("y"), SqlValue::BigInt(i64::MAX)]);
        }
    }
}
