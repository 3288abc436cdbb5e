//! [`Compiled`]: the parts of a chain.

use super::evaluation::Block;
use super::guard::Guard;
use super::phases::{CallerPhase, RecordPhase, RequestPhase, RoutePhase};
use super::rules::Rules;
use super::scanner::Blocked;
use crate::known_parts::KnownParts;
use crate::model::PolicyKind;

/// What a chain consists of: its policies, and their parts by phase.
#[derive(Default)]
pub(crate) struct Compiled {
    pub(crate) kinds: Vec<PolicyKind>,
    pub(crate) caller: Vec<Box<dyn CallerPhase>>,
    pub(crate) route: Vec<Box<dyn RoutePhase>>,
    pub(crate) request: Vec<Box<dyn RequestPhase>>,
    pub(crate) rules: Option<Rules>,
    /// The policies whose verdict comes from elsewhere, in the order of the chain.
    pub(crate) guards: Vec<Guard>,
    pub(crate) record: Option<Box<dyn RecordPhase>>,
    /// The parts of requests that were judged before.
    pub(crate) known_parts: KnownParts,
}

impl Compiled {
    /// Returns the refusal of a text that was blocked.
    pub(crate) fn block_of(&self, rules: &Rules, blocked: Blocked, code: &'static str) -> Block {
        let pattern = match blocked {
            Blocked::Pattern(pattern) => pattern,
            Blocked::Budget => rules.own.as_ref().map_or(0, |own| own.first),
        };
        let source = rules.patterns[pattern].source;
        Block {
            policy: source.policy,
            code,
            message: format!("refused by the policy {}", source.policy),
            reason: source.reason,
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
