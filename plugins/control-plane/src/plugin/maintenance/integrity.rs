//! The integrity check of a whole store, for `fsck` and `restore`.
//!
//! The file, the contents and the audit log are checked at the same time, and the contents on all
//! processors.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{AuditCorruption, AuditVerification, AuditVerifier, with_separators};
use kt_plugin_api::{Class, Context, Error};

use super::store_handle::StoreHandle;
use crate::store::{
    AUDIT_PAGE_ROWS, AuditFilter, IntegrityReport, Store, StoreError, check_integrity,
};
use crate::validator::PolicyValidator;

/// How often the progress is displayed.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// How often a check that waits for the others looks for a cancellation.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);

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
        let interrupt = store.interrupter();
        let cancelled = &AtomicBool::new(false);
        thread::scope(|scope| {
            let (sender, file) = sync_channel(1);
            scope.spawn(move || sender.send(store.file_errors()));
            let (sender, audit) = sync_channel(1);
            scope.spawn(move || sender.send(check_audit_log(store.store(), cancelled)));
            let wait_for_file = |contents| {
                context.progress("checking the file …");
                Ok((contents, wait(context, &file)?))
            };
            let checked = check_contents(store, context).and_then(wait_for_file);
            let checked = checked.and_then(|(report, file)| {
                context.progress("checking the audit log …");
                Ok(Self::new(report, file, wait(context, &audit)?))
            });
            if checked.is_err() {
                cancelled.store(true, Ordering::Relaxed);
                // Repeated, because an interrupt before the start of a statement has no effect.
                while let Err(RecvTimeoutError::Timeout) = file.recv_timeout(CANCEL_INTERVAL) {
                    interrupt();
                }
            }
            checked
        })
    }

    fn new(
        report: IntegrityReport,
        file: Result<Vec<String>, StoreError>,
        audit: Result<AuditVerification, StoreError>,
    ) -> Self {
        let mut damage = file.unwrap_or_else(|error| unreadable(&error));
        damage.extend(report.damage.iter().cloned());
        let (mut audit_rows, mut audit_head) = (0, None);
        match audit {
            Ok(audit) => {
                audit_rows = audit.rows;
                audit_head = audit.head.map(|(seq, hash)| format!("{seq}:{hash}"));
                let message = |corruption: &AuditCorruption| {
                    format!("audit log row {}: {}", corruption.seq, corruption.message)
                };
                damage.extend(audit.damage.iter().map(message));
            }
            Err(error) => damage.extend(unreadable(&error)),
        }
        // Several checks may find the same damage.
        damage.dedup();
        Self {
            damage,
            report,
            audit_rows,
            audit_head,
        }
    }
}

/// Waits for the result of a check on another thread.
fn wait<T>(context: &Context<'_>, result: &Receiver<T>) -> Result<T, Error> {
    loop {
        context.check_cancelled()?;
        match result.recv_timeout(CANCEL_INTERVAL) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let message = "a part of the check failed because of a bug in kt";
                return Err(Error::new(Class::Plugin, "internal", message));
            }
        }
    }
}

fn check_contents(store: &StoreHandle, context: &Context<'_>) -> Result<IntegrityReport, Error> {
    context.progress("checking versions …");
    // Unknown only when the store cannot be read, which the check reports.
    let total = store.transfer().version_count().unwrap_or_default();
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let mut displayed = Instant::now();
    let (mut report, done) = check_integrity(
        store.transfer(),
        &PolicyValidator,
        threads,
        &mut |versions| {
            let cancelled = |error: Error| StoreError::Failed(error.to_string());
            context.check_cancelled().map_err(cancelled)?;
            if displayed.elapsed() >= PROGRESS_INTERVAL {
                displayed = Instant::now();
                context.progress(&progress_message(versions, total));
            }
            Ok(())
        },
    );
    context.check_cancelled()?;
    if let Err(error) = done {
        report.damage.extend(unreadable(&error));
    }
    Ok(report)
}

fn progress_message(versions: u64, total: u64) -> String {
    let (versions, total) = (with_separators(versions), with_separators(total));
    format!("checking … {versions} of {total} versions")
}

/// Verifies the hash chain of the audit log.
fn check_audit_log(
    store: &dyn Store,
    cancelled: &AtomicBool,
) -> Result<AuditVerification, StoreError> {
    let mut filter = AuditFilter {
        limit: AUDIT_PAGE_ROWS,
        ..AuditFilter::default()
    };
    let mut verifier = AuditVerifier::default();
    loop {
        let page = store.audit(&filter)?;
        let full = page.len() == AUDIT_PAGE_ROWS;
        filter.before = page.last().map(|row| row.seq);
        page.into_iter().for_each(|row| verifier.push(row));
        if !full || cancelled.load(Ordering::Relaxed) {
            return Ok(verifier.finish());
        }
    }
}

fn unreadable(error: &StoreError) -> Vec<String> {
    vec![format!("cannot read the store: {error}")]
}

#[cfg(test)]
mod tests {
    use super::progress_message;

    #[test]
    fn the_digits_of_a_progress_are_grouped() {
        assert_eq!(
            progress_message(999, 90_000),
            "checking … 999 of 90,000 versions"
        );
        assert_eq!(
            progress_message(1_234_567, 0),
            "checking … 1,234,567 of 0 versions"
        );
    }
}
