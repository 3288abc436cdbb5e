//! What to list.

use std::collections::BTreeMap;

use kt_control_api::{GatewayId, Timestamp, TokenId};

/// Which gateways to list, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct GatewayFilter {
    /// Only names after this one.
    pub after: Option<String>,
    /// Only names that begin so.
    pub prefix: String,
    /// Only gateways with all these labels.
    pub labels: BTreeMap<String, String>,
    /// Most gateways to return.
    pub limit: usize,
}

/// Which tokens to list, the newest first.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Only tokens that come after this one in the order of the list.
    pub after: Option<TokenId>,
    /// Only tokens that are (`true`) or are not (`false`) accepted at a time.
    pub active: Option<(bool, Timestamp)>,
    /// Only tokens of one kind: `access`, `gateway` or `bootstrap`.
    pub kind: Option<String>,
    /// Only tokens for one gateway.
    pub gateway: Option<GatewayId>,
    /// Most tokens to return.
    pub limit: usize,
}

/// Which rows of the trail to list, the newest first unless `after` says otherwise.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only rows before this place.
    pub before: Option<u64>,
    /// Only rows after this place, and then the oldest first; 0 for all of them.
    pub after: Option<u64>,
    /// Only changes of what has this id.
    pub target: Option<String>,
    /// Only changes by this actor.
    pub actor: Option<String>,
    /// Only changes of this kind.
    pub action: Option<String>,
    /// Only changes at or after this time.
    pub since: Option<Timestamp>,
    /// Only changes before this time.
    pub until: Option<Timestamp>,
    /// Most rows to return.
    pub limit: usize,
}

impl AuditFilter {
    /// The order of the rows, as SQL has it.
    pub(super) fn order(&self) -> &'static str {
        if self.after.is_some() { "ASC" } else { "DESC" }
    }
}
