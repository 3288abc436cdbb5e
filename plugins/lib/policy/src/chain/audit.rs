//! [`AuditRecord`].

use serde::Serialize;

use super::evaluation::{Decision, Evaluation, Finding};
use crate::model::PolicyKind;

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
    /// How many placeholders were restored in the response.
    pub restored: usize,
    /// Days the record is kept.
    pub retention_days: u64,
}

impl AuditRecord {
    /// Returns the record of an evaluation by a chain.
    pub(crate) fn new(evaluation: &Evaluation, chain: &[PolicyKind], retention_days: u64) -> Self {
        let block = match &evaluation.decision {
            Decision::Block(block) => Some(block),
            _ => None,
        };
        Self {
            verdict: evaluation.decision.as_str(),
            policy: block.map(|block| block.policy),
            reason_code: block.map(|block| block.reason),
            chain: chain.to_vec(),
            findings: evaluation.findings.clone(),
            restored: 0,
            retention_days,
        }
    }
}
