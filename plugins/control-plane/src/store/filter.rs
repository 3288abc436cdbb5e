//! Filters of lists.

use std::collections::BTreeMap;

use kt_control_api::{GatewayId, SyncState, Timestamp, TokenId};

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
    /// Only gateways that may have this state.
    pub state: Option<StateFilter>,
    /// Maximum number of gateways to return.
    pub limit: usize,
}

/// A state by which gateways are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedState {
    /// Relative to the desired version.
    Sync(SyncState),
    /// Halted, whatever the other state.
    Halted,
}

/// Selects the gateways that may have a state, which a caller has to look at: whether a state holds
/// is stored, except of gateways whose instances have just changed, and of those with a process on
/// this machine, which may have ended.
#[derive(Debug, Clone)]
pub struct StateFilter {
    /// The state.
    pub state: ListedState,
    /// The time at which it holds.
    pub now: Timestamp,
    /// The id of the current boot of this machine.
    pub boot_id: Option<String>,
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
        // The gateways with a label, or in a state, are found in the order of their names.
        let (from, name) = match (labels.next(), &self.state) {
            (Some((key, value)), state) => {
                conditions.compare("l.key =", text(key));
                conditions.compare("l.value =", text(value));
                conditions.add("g.id = l.gateway_id");
                if let Some(state) = state {
                    state.add_to(&mut conditions);
                }
                (
                    "gateway_labels l CROSS JOIN gateways g".to_owned(),
                    "l.name",
                )
            }
            (None, Some(state)) => {
                let parts = state.parts(self, &mut conditions);
                let gateways = match dialect {
                    Dialect::Sqlite => {
                        conditions.add("g.id = found.gateway_id");
                        "gateways g"
                    }
                    // For each of a page, whatever the planner expects of the limit.
                    Dialect::Postgres => {
                        "LATERAL (SELECT * FROM gateways WHERE id = found.gateway_id OFFSET 0) g"
                    }
                };
                (
                    format!("({parts}) found CROSS JOIN {gateways}"),
                    "found.name",
                )
            }
            (None, None) => {
                conditions.add("g.deleted_at IS NULL");
                ("gateways g".to_owned(), "g.name")
            }
        };
        let select = select.replace("FROM gateways g", &format!("FROM {from}"));
        for (key, value) in labels {
            let key = conditions.parameter(text(key));
            let value = conditions.parameter(text(value));
            conditions.add(format!(
                "EXISTS (SELECT 1 FROM gateway_labels m
                     WHERE m.key = {key} AND m.value = {value} AND m.name = {name})"
            ));
        }
        self.add_names(&mut conditions, name);
        let limit = conditions.parameter(number(self.limit as u64));
        let (rest, values) = conditions.into_sql(&format!("ORDER BY {name} LIMIT {limit}"));
        (format!("{select} {rest}"), values)
    }

    /// Adds the conditions of the column with the name.
    fn add_names<'a>(&'a self, conditions: &mut Conditions<'a>, name: &str) {
        if let Some(after) = &self.after {
            conditions.compare(&format!("{name} >"), text(after));
        }
        if !self.prefix.is_empty() {
            // Names are compared byte by byte, and no byte of UTF-8 is higher than its first one.
            conditions.compare(&format!("{name} >="), text(&self.prefix));
            let end = SqlValue::Text(format!("{}\u{10FFFF}", self.prefix).into());
            conditions.compare(&format!("{name} <"), end);
        }
    }
}

impl StateFilter {
    fn time(&self) -> SqlValue<'static> {
        SqlValue::BigInt(self.now.as_microsecond())
    }

    fn second(&self) -> SqlValue<'static> {
        SqlValue::BigInt(self.now.as_second())
    }

    /// Returns the statements that select the gateways, each by an index and in the order of their
    /// names. Of an interval PostgreSQL expects a few rows, of what is above or below a parameter a
    /// third of the table.
    fn parts<'a>(&'a self, list: &'a GatewayFilter, conditions: &mut Conditions<'a>) -> String {
        const STATES: &str = "s.name, s.gateway_id FROM gateway_states s";
        const LOCAL: &str = "DISTINCT s.name, s.gateway_id
            FROM instances i CROSS JOIN gateway_states s";
        let mut parts = Vec::new();
        let mut end_part = |conditions: &mut Conditions<'a>, from: &str| {
            list.add_names(conditions, "s.name");
            let limit = conditions.parameter(number(list.limit as u64));
            let condition = conditions.take_where();
            parts.push(format!(
                "SELECT * FROM (SELECT {from} {condition}
                   ORDER BY s.name LIMIT {limit}) AS part"
            ));
        };
        let ListedState::Sync(state) = self.state else {
            conditions.add("s.halted_until IS NOT NULL");
            conditions.compare("s.halted_until >=", self.second());
            conditions.add("s.halted_until <= 9223372036854775807");
            end_part(conditions, STATES);
            return parts.concat();
        };
        conditions.compare("s.state =", text(state.as_str()));
        end_part(conditions, STATES);
        conditions.compare("s.valid_until <=", self.time());
        conditions.add("s.valid_until < 9223372036854775807 AND s.valid_until >= 0");
        end_part(conditions, STATES);
        conditions.compare("s.valid_from >", self.time());
        conditions.add("s.valid_from > 0 AND s.valid_from < 9223372036854775807");
        end_part(conditions, STATES);
        if let Some(boot_id) = &self.boot_id {
            conditions.compare("i.boot_id =", text(boot_id));
            conditions.compare("i.lease_until >", self.time());
            conditions.add("s.gateway_id = i.gateway_id");
            end_part(conditions, LOCAL);
        }
        parts.join(" UNION ")
    }

    /// Adds the condition that the gateway `g` may have the state.
    fn add_to<'a>(&'a self, conditions: &mut Conditions<'a>) {
        let ListedState::Sync(state) = self.state else {
            let second = conditions.parameter(self.second());
            conditions.add(format!(
                "EXISTS (SELECT 1 FROM gateway_states s
                     WHERE s.gateway_id = g.id AND s.halted_until >= {second})"
            ));
            return;
        };
        let state = conditions.parameter(text(state.as_str()));
        let [until, from] = [(); 2].map(|()| conditions.parameter(self.time()));
        let stored = format!(
            "EXISTS (SELECT 1 FROM gateway_states s WHERE s.gateway_id = g.id AND
                 (s.state = {state} OR s.valid_until <= {until} OR s.valid_from > {from}))"
        );
        let Some(boot_id) = &self.boot_id else {
            return conditions.add(stored);
        };
        let boot_id = conditions.parameter(text(boot_id));
        let time = conditions.parameter(self.time());
        conditions.add(format!(
            "({stored} OR EXISTS (SELECT 1 FROM instances i
                 WHERE i.gateway_id = g.id AND i.boot_id = {boot_id} AND i.lease_until > {time}))"
        ));
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
