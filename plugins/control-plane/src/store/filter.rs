//! Filters of lists.

use std::collections::BTreeMap;

use kt_control_api::{GatewayId, Timestamp, TokenId};

use super::audit_spans::SeqBounds;
use super::table::{Conditions, Dialect, SqlValue, number, text};

/// Selects gateways, ordered by name.
#[derive(Debug, Clone, Default)]
pub struct GatewayFilter {
    /// Only names after this one.
    pub after: Option<String>,
    /// Only names with this prefix.
    pub prefix: String,
    /// Only gateways with all these labels.
    pub labels: BTreeMap<String, String>,
    /// Maximum number of gateways to return.
    pub limit: usize,
}

/// Selects tokens, the newest first.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Only tokens after this one in the order of the list.
    pub after: Option<TokenId>,
    /// Only tokens that are (`true`) or are not (`false`) accepted at this time.
    pub active: Option<(bool, Timestamp)>,
    /// Only tokens of one kind: `access`, `gateway` or `bootstrap`.
    pub kind: Option<String>,
    /// Only tokens for one gateway.
    pub gateway: Option<GatewayId>,
    /// Maximum number of tokens to return.
    pub limit: usize,
}

/// Selects rows of the audit log, the newest first unless `after` is set.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only rows before this number.
    pub before: Option<u64>,
    /// Only rows after this number, the oldest first; 0 for all.
    pub after: Option<u64>,
    /// Only changes of the object with this id.
    pub target: Option<String>,
    /// Only changes by this actor.
    pub actor: Option<String>,
    /// Only changes with this action.
    pub action: Option<String>,
    /// Only changes at or after this time.
    pub since: Option<Timestamp>,
    /// Only changes before this time.
    pub until: Option<Timestamp>,
    /// Maximum number of rows to return.
    pub limit: usize,
}

impl GatewayFilter {
    /// Returns the statement that lists gateways. `select` selects from `gateways g`.
    pub(super) fn sql(&self, dialect: Dialect, select: &str) -> (String, Vec<SqlValue<'_>>) {
        let mut conditions = Conditions::new(dialect);
        let mut labels = self.labels.iter();
        // The gateways with a label are found in the order of their names.
        let (select, name) = match labels.next() {
            Some((key, value)) => {
                conditions.compare("l.key =", text(key));
                conditions.compare("l.value =", text(value));
                conditions.add("g.id = l.gateway_id");
                let joined = "FROM gateway_labels l CROSS JOIN gateways g";
                (select.replace("FROM gateways g", joined), "l.name")
            }
            None => {
                conditions.add("g.deleted_at IS NULL");
                (select.to_owned(), "g.name")
            }
        };
        for (key, value) in labels {
            let key = conditions.parameter(text(key));
            let value = conditions.parameter(text(value));
            conditions.add(format!(
                "EXISTS (SELECT 1 FROM gateway_labels m
                     WHERE m.key = {key} AND m.value = {value} AND m.name = {name})"
            ));
        }
        if let Some(after) = &self.after {
            conditions.compare(&format!("{name} >"), text(after));
        }
        if !self.prefix.is_empty() {
            // Names are compared byte by byte, and no byte of UTF-8 is higher than its first one.
            conditions.compare(&format!("{name} >="), text(&self.prefix));
            let end = SqlValue::Text(format!("{}\u{10FFFF}", self.prefix).into());
            conditions.compare(&format!("{name} <"), end);
        }
        let limit = conditions.parameter(number(self.limit as u64));
        let (rest, values) = conditions.into_sql(&format!("ORDER BY {name} LIMIT {limit}"));
        (format!("{select} {rest}"), values)
    }
}

impl TokenFilter {
    /// Returns what follows the table in the statement that lists tokens.
    pub(super) fn condition(&self, dialect: Dialect) -> (String, Vec<SqlValue<'_>>) {
        let mut conditions = Conditions::new(dialect);
        let gateway = self.gateway.as_ref().map(|id| text(id.as_str()));
        let kind = self.kind.as_deref().map(text);
        conditions.compare_indexed([("gateway_id", gateway), ("kind", kind), ("", None)]);
        if let Some(after) = &self.after {
            // Tokens are never deleted, so the position of the last one can be looked up.
            let after = conditions.parameter(text(after.as_str()));
            conditions.add(format!(
                "(created_at, id) < (SELECT created_at, id FROM tokens WHERE id = {after})"
            ));
        }
        if let Some((active, now)) = self.active {
            let now = conditions.parameter(SqlValue::BigInt(now.as_microsecond()));
            let not = if active { "" } else { "NOT " };
            conditions.add(format!(
                "{not}(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now}))"
            ));
        }
        let limit = conditions.parameter(number(self.limit as u64));
        conditions.into_sql(&format!("ORDER BY created_at DESC, id DESC LIMIT {limit}"))
    }
}

impl AuditFilter {
    /// Returns what follows the table in the statement that lists rows within `bounds`.
    pub(super) fn condition(
        &self,
        dialect: Dialect,
        bounds: SeqBounds,
    ) -> (String, Vec<SqlValue<'_>>) {
        let mut conditions = Conditions::new(dialect);
        conditions.compare_indexed([
            ("target", self.target.as_deref().map(text)),
            ("actor", self.actor.as_deref().map(text)),
            ("action", self.action.as_deref().map(text)),
        ]);
        if let Some(after) = self.after.max(bounds.after) {
            conditions.compare("seq >", number(after));
        }
        let before = [self.before, bounds.before].into_iter().flatten().min();
        if let Some(before) = before {
            conditions.compare("seq <", number(before));
        }
        if let Some(since) = self.since {
            conditions.compare("at >=", SqlValue::BigInt(since.as_microsecond()));
        }
        if let Some(until) = self.until {
            conditions.compare("at <", SqlValue::BigInt(until.as_microsecond()));
        }
        let limit = conditions.parameter(number(self.limit as u64));
        let order = if self.after.is_some() { "ASC" } else { "DESC" };
        conditions.into_sql(&format!("ORDER BY seq {order} LIMIT {limit}"))
    }
}
