//! What `audit-logger` asks to be recorded.

use serde::Serialize;

use super::{Chain, Decision, Evaluation, Finding};
use crate::model::{PolicyKind, defaults};

/// The part of an audit record that the policies know; identity, time and
/// chaining are added by the writer. It never contains text of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// `allow`, `redact` or `block`.
    pub verdict: &'static str,
    /// The policy that refused the request.
    pub policy: Option<PolicyKind>,
    /// Its reason code.
    pub reason_code: Option<&'static str>,
    /// The chain that judged the request.
    pub chain: Vec<PolicyKind>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Days the record is kept.
    pub retention_days: u64,
}

impl Chain {
    /// The record of a verdict; `None` when the chain has no `audit-logger`,
    /// or when its `log_all_access` is off and no policy touched the request.
    #[must_use]
    pub fn audit_record(&self, verdict: &Evaluation) -> Option<AuditRecord> {
        let settings = self.audit_logger()?;
        let untouched = verdict.decision == Decision::Allow && verdict.findings.is_empty();
        if untouched && !settings.log_all_access.unwrap_or(true) {
            return None;
        }
        let block = match &verdict.decision {
            Decision::Block(block) => Some(block),
            _ => None,
        };
        Some(AuditRecord {
            verdict: verdict.decision.as_str(),
            policy: block.map(|block| block.policy),
            reason_code: block.map(|block| block.reason),
            chain: self.kinds().to_vec(),
            findings: verdict.findings.clone(),
            retention_days: settings.retention_days.unwrap_or(defaults::RETENTION_DAYS),
        })
    }
}
