//! The settings.

use crate::settings::{Weaker, boolean, integer, only, settings};

settings! {
    /// Settings of the audit log. This policy always allows.
    pub(crate) AuditLogger {
        /// Only `true` is valid: no record is changed, or deleted before the end of its retention.
        immutable: bool = only(true);
        /// The retention of records in days.
        retention_days: u64 = integer(1..=36_500).default(RETENTION_DAYS)
            .weaker(Weaker::Lower("audit records are kept for less time"));
        /// Only `false` is valid.
        hipaa_audit_controls: bool = only(false);
        /// Whether requests without findings are recorded.
        log_all_access: bool = boolean().default(true).weaker(Weaker::Off);
    }
}

/// The default of `retention_days`.
pub(super) const RETENTION_DAYS: u64 = 365;
