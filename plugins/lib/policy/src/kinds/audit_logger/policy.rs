//! The policy.

use super::settings::{AuditLogger, RETENTION_DAYS};
use crate::chain::{AuditRecord, Build, Decision, Evaluation, Policy, RecordPhase};
use crate::model::PolicyKind;

impl Policy for AuditLogger {
    const KIND: PolicyKind = PolicyKind::new("audit-logger");
    const REASON: Option<&'static str> = None;
    const LAST: bool = true;

    fn compile(&self, build: &mut Build<'_>) {
        build.record(self.clone());
    }
}

impl RecordPhase for AuditLogger {
    /// `None` if `log_all_access` is off and no policy touched the request.
    fn record(&self, evaluation: &Evaluation, chain: &[PolicyKind]) -> Option<AuditRecord> {
        let untouched = evaluation.decision == Decision::Allow && evaluation.findings.is_empty();
        if untouched && !self.log_all_access.unwrap_or(true) {
            return None;
        }
        let retention_days = self.retention_days.unwrap_or(RETENTION_DAYS);
        Some(AuditRecord::new(evaluation, chain, retention_days))
    }
}
