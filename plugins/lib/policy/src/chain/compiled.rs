//! [`Compiled`]: the parts of a chain.

use super::evaluation::{self, Block};
use super::injection::Injection;
use super::rules::Rules;
use super::scanner::Blocked;
use crate::model::{AuditLogger, PolicyKind};

/// What a chain consists of.
pub(crate) struct Compiled {
    pub(crate) kinds: Vec<PolicyKind>,
    pub(crate) injection: Option<Injection>,
    pub(crate) rules: Option<Rules>,
    pub(crate) audit: Option<AuditLogger>,
}

impl Compiled {
    /// The refusal of a text that was blocked.
    pub(crate) fn block_of(&self, rules: &Rules, blocked: Blocked, code: &'static str) -> Block {
        let policy = match blocked {
            Blocked::Pattern(pattern) => rules.patterns[pattern].policy,
            Blocked::Budget => rules
                .own
                .as_ref()
                .map_or(PolicyKind::DlpFilter, |o| o.policy),
        };
        let reason = match policy {
            PolicyKind::PiiDetector => evaluation::PII,
            _ => evaluation::DLP,
        };
        Block {
            policy,
            code,
            message: format!("refused by the policy {policy}"),
            reason,
        }
    }

    /// Returns the index of a policy in the chain.
    pub(crate) fn position(&self, policy: PolicyKind) -> usize {
        self.kinds
            .iter()
            .position(|kind| *kind == policy)
            .unwrap_or(usize::MAX)
    }
}
