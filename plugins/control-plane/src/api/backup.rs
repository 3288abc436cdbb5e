//! Backups of the store.

use kt_control_api::{BackupInfo, BackupRequest, ProblemCode, ProblemItem};
use serde_json::json;

use super::backup_target::BackupTarget;
use super::error::{ApiError, api_error, validation_failed};
use super::input;
use super::limits::MAX_KEPT_BACKUPS;
use super::reply::HandlerResult;
use super::response;
use super::service::{Api, RequestContext};
use crate::store::{AuditEvent, BackupDirectory, ChangeContext};

impl Api {
    pub(super) fn create_backup(&self, context: &RequestContext<'_>) -> HandlerResult {
        let body: BackupRequest = input::json_body(context.request)?;
        let keep = body.keep.map(check_keep).transpose()?;
        let backups = self.backups()?;
        let change = self.change(context)?;
        response::json(201, &self.back_up(backups, change, keep)?)
    }

    /// Backs the store up, and records that in the audit log.
    ///
    /// # Errors
    /// When no backup was written, or the audit event was not.
    pub(crate) fn back_up(
        &self,
        backups: &BackupDirectory,
        change: ChangeContext,
        keep: Option<usize>,
    ) -> Result<BackupInfo, ApiError> {
        let backup = self.store_result(backups.create(keep))?;
        let event = AuditEvent {
            action: "store.backup",
            target: backup.file.clone(),
            detail: json!({"sha256": backup.sha256, "audit_seq": backup.audit_seq}),
        };
        self.record_audit_event(change, event)?;
        Ok(backup)
    }

    fn backups(&self) -> Result<&BackupDirectory, ApiError> {
        match self.backup_target() {
            BackupTarget::Directory(backups) => Ok(backups),
            BackupTarget::Database => Err(api_error(
                ProblemCode::NeedsFile,
                "back the database up with `pg_dump`, or use `kt control-plane export`",
            )),
            BackupTarget::None => Err(api_error(
                ProblemCode::NeedsServer,
                "no server is running; `kt control-plane backup` works without one",
            )),
        }
    }
}

fn check_keep(keep: u32) -> Result<usize, ApiError> {
    if (1..=MAX_KEPT_BACKUPS).contains(&keep) {
        return Ok(keep as usize);
    }
    let message = format!("`keep` must be between 1 and {MAX_KEPT_BACKUPS}");
    let item = ProblemItem::at("/keep", "out-of-bounds", message);
    Err(validation_failed(vec![item]))
}
