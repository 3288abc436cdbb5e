//! Keeping what serves and what others may see of it in step.

use super::follow::Follower;
use super::last_applied::{Stored, Tampering};
use super::report;
use crate::admin::LastReload;
use crate::snapshot::{BuildError, Snapshot};
use jiff::Timestamp;
use kt_control_api::{AppliedVersion, ConfigSource, ContentHash};
use std::sync::Arc;

impl Follower<'_, '_> {
    /// Puts a snapshot in force in every worker, and on disk.
    pub(super) fn put_in_force(
        &mut self,
        snapshot: Snapshot,
        source: ConfigSource,
        generation: u64,
    ) -> bool {
        let snapshot = Arc::new(snapshot);
        if !self.pool.swap(&snapshot) {
            tracing::error!("not every worker took the new configuration");
            return false;
        }
        self.snapshot = Arc::clone(&snapshot);
        self.standing.source = source;
        self.standing.applied = report::applied(&snapshot, generation);
        self.standing.rejection = None;
        self.shared.metrics.applied(snapshot.version);
        if snapshot.version.is_some() {
            self.store();
        }
        self.show(Some(LastReload {
            result: "applied",
            at: Timestamp::now(),
            error: None,
        }));
        true
    }

    /// The state that the start leaves: what serves is kept, and what was
    /// refused is said.
    pub(crate) fn begin(&mut self, refused: Option<(BuildError, Option<u64>)>, generation: u64) {
        self.shared.metrics.applied(self.snapshot.version);
        match refused {
            Some((error, version)) => {
                self.acted = generation;
                self.refuse(&error, version, generation);
            }
            None if self.standing.source == ConfigSource::ControlPlane => self.store(),
            None => {}
        }
        self.show(None);
    }

    /// Writes down that a configuration was refused; what served before goes on.
    pub(super) fn refuse(&mut self, error: &BuildError, version: Option<u64>, generation: u64) {
        let rejection = report::rejection(error, version, generation);
        tracing::warn!(version, code = %rejection.code, "configuration rejected: {}", rejection.message);
        self.shared.metrics.rejected();
        let message = rejection.message.clone();
        self.standing.rejection = Some(rejection);
        self.show(Some(LastReload {
            result: "rejected",
            at: Timestamp::now(),
            error: Some(message),
        }));
    }

    /// Stores what serves, for a start without the control plane.
    pub(super) fn store(&mut self) {
        let Some(managed) = &self.managed else { return };
        let stored = Stored {
            gateway: managed.gateway.id.to_string(),
            name: managed.gateway.name.clone(),
            version: self.snapshot.version,
            sha256: self.snapshot.sha256.clone(),
            source: self.snapshot.document.pack.name.clone(),
            content: self.snapshot.content.clone(),
            checksum: String::new(),
        };
        if let Err(error) = self.last_applied.write(stored) {
            tracing::error!("the last applied configuration cannot be kept: {error}");
        }
    }

    /// What the report says is applied: what serves, unless somebody changed
    /// the copy on disk, which a restart without the control plane would serve.
    pub(super) fn applied_with_disk(&mut self) -> AppliedVersion {
        let mut applied = self.standing.applied.clone();
        if self.snapshot.version.is_none() {
            return applied;
        }
        let found = match self.last_applied.tampering(&self.snapshot.sha256) {
            None => return applied,
            Some(Tampering::Missing) => ContentHash::from_bytes([0; 32]),
            Some(Tampering::Damaged(hash)) => ContentHash::from_bytes(hash),
            Some(Tampering::Other(hash)) => report::hash(&hash),
        };
        applied.version = None;
        applied.sha256 = found;
        applied
    }

    /// Lets the administration see the state.
    pub(super) fn show(&self, last_reload: Option<LastReload>) {
        let Ok(mut view) = self.view.lock() else {
            return;
        };
        view.snapshot = Arc::clone(&self.snapshot);
        view.applied_at = self.standing.applied.at;
        view.source = self.standing.source;
        view.desired.clone_from(&self.desired);
        view.connected = self.connected;
        if last_reload.is_some() {
            view.last_reload = last_reload;
        }
    }
}
