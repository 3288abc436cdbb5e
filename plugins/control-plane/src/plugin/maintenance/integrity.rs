//! The integrity check of a whole store, for `fsck` and `restore`.

use kt_control_api::{AuditCorruption, AuditVerification, AuditVerifier};
use kt_plugin_api::{Context, Error};

use super::store_handle::StoreHandle;
use crate::store::{
    AUDIT_PAGE_ROWS, AuditFilter, IntegrityCheck, IntegrityReport, Selection, Store, StoreError,
};
use crate::validator::PolicyValidator;

/// The result of the check.
pub(super) struct StoreIntegrity {
    /// Everything that is corrupt.
    pub(super) damage: Vec<String>,
    /// The check of gateways, versions and tokens.
    pub(super) report: IntegrityReport,
    /// The number of rows of the audit log.
    pub(super) audit_rows: u64,
    /// The number and the hash of the last row of the audit log.
    pub(super) audit_head: Option<String>,
}

impl StoreIntegrity {
    /// Checks the file, the gateways with their versions and tokens, and the audit log.
    ///
    /// # Errors
    /// Only when the command is cancelled; an unreadable store is damage.
    pub(super) fn check(store: &StoreHandle, context: &Context<'_>) -> Result<Self, Error> {
        let mut damage = Vec::new();
        if let StoreHandle::File(file) = store {
            context.progress("checking the file …");
            damage.extend(
                file.integrity_errors()
                    .unwrap_or_else(|error| unreadable(&error)),
            );
        }
        context.progress("checking gateways and versions …");
        let report = check_contents(store);
        damage.extend(report.damage.iter().cloned());
        let (mut audit_rows, mut audit_head) = (0, None);
        match check_audit_log(store.store(), context)? {
            Ok(audit) => {
                audit_rows = audit.rows;
                audit_head = audit.head.map(|(seq, hash)| format!("{seq}:{hash}"));
                let message = |corruption: &AuditCorruption| {
                    format!("audit log row {}: {}", corruption.seq, corruption.message)
                };
                damage.extend(audit.damage.iter().map(message));
            }
            Err(message) => damage.push(message),
        }
        // Several checks may find the same damage.
        damage.dedup();
        Ok(Self {
            damage,
            report,
            audit_rows,
            audit_head,
        })
    }
}

fn check_contents(store: &StoreHandle) -> IntegrityReport {
    let mut check = IntegrityCheck::new(&PolicyValidator);
    let exported = store.transfer().export(&Selection::Whole, &mut |record| {
        check.push(record);
        Ok(())
    });
    let mut report = check.finish();
    if let Err(error) = exported {
        report.damage.extend(unreadable(&error));
    }
    report
}

/// Verifies the hash chain of the audit log. An audit log that cannot be read is damage.
fn check_audit_log(
    store: &dyn Store,
    context: &Context<'_>,
) -> Result<Result<AuditVerification, String>, Error> {
    let mut filter = AuditFilter {
        limit: AUDIT_PAGE_ROWS,
        ..AuditFilter::default()
    };
    let mut verifier = AuditVerifier::default();
    loop {
        context.check_cancelled()?;
        let page = match store.audit(&filter) {
            Ok(page) => page,
            Err(error) => return Ok(Err(unreadable(&error).remove(0))),
        };
        let full = page.len() == AUDIT_PAGE_ROWS;
        filter.before = page.last().map(|row| row.seq);
        page.into_iter().for_each(|row| verifier.push(row));
        if !full {
            return Ok(Ok(verifier.finish()));
        }
    }
}

fn unreadable(error: &StoreError) -> Vec<String> {
    vec![format!("cannot read the store: {error}")]
}
