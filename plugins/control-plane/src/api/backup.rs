//! Copies of the store.

use std::sync::Arc;

use kt_control_api::{BackupInfo, BackupRequest, ProblemCode, ProblemItem};
use serde_json::json;

use super::refusal::{Refusal, invalid, refuse};
use super::respond::{Outcome, json as answer};
use super::service::Call;
use super::{Api, input};
use crate::store::{AuditEvent, BackupDirectory, ChangeContext};

/// Most backups that a wish may keep.
pub(super) const MOST_KEPT: u32 = 10_000;

/// Who makes backups.
#[derive(Debug, Clone)]
pub(super) enum Keeper {
    /// Nobody: a command serves nobody else, and has a backup of its own.
    Nobody,
    /// The tools of the database.
    Database,
    /// The server.
    Server(Arc<BackupDirectory>),
}

impl Api {
    pub(super) fn back_up(&self, call: &Call<'_>) -> Outcome {
        let wish: BackupRequest = input::body(call.request)?;
        let keep = wish.keep.map(kept).transpose()?;
        let backups = self.backups()?;
        let change = self.change(call)?;
        answer(201, &self.copy(backups, change, keep)?)
    }

    /// Copies the store, and notes that in the trail.
    ///
    /// # Errors
    /// When nothing was copied, or the note cannot be written.
    pub(crate) fn copy(
        &self,
        backups: &BackupDirectory,
        change: ChangeContext,
        keep: Option<usize>,
    ) -> Result<BackupInfo, Refusal> {
        let made = self.explained(backups.make(keep))?;
        let note = AuditEvent {
            action: "store.backup",
            target: made.file.clone(),
            detail: json!({"sha256": made.sha256, "audit_seq": made.audit_seq}),
        };
        self.note(change, note)?;
        Ok(made)
    }

    fn backups(&self) -> Result<&BackupDirectory, Refusal> {
        match self.keeper() {
            Keeper::Server(backups) => Ok(backups),
            Keeper::Database => Err(refuse(
                ProblemCode::NeedsFile,
                "back the database up with `pg_dump`, or with `kt control-plane export`",
            )),
            Keeper::Nobody => Err(refuse(
                ProblemCode::NeedsServer,
                "no server runs here; `kt control-plane backup` needs none",
            )),
        }
    }
}

fn kept(keep: u32) -> Result<usize, Refusal> {
    if (1..=MOST_KEPT).contains(&keep) {
        return Ok(keep as usize);
    }
    let message = format!("between 1 and {MOST_KEPT} backups are kept");
    let item = ProblemItem::at("/keep", "out-of-bounds", message);
    Err(invalid(vec![item]))
}
