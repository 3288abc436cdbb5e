//! Filters of lists.

use std::collections::BTreeMap;

use kt_control_api::{GatewayId, Timestamp, TokenId};

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

impl AuditFilter {
    /// Returns the order of the rows in SQL.
    pub(super) fn order(&self) -> &'static str {
        if self.after.is_some() { "ASC" } else { "DESC" }
    }
}
