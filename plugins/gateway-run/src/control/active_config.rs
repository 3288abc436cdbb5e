//! The active configuration: in the workers, on disk, and in the status that is
//! published.

use super::last_applied::{LastApplied, StoredConfig, Tampering};
use super::status::{self, InstanceStatus};
use crate::admin::{ControlStatus, LastReload};
use crate::snapshot::{BuildError, ConfigInput, Snapshot};
use crate::state::GatewayState;
use crate::worker::Pool;
use jiff::Timestamp;
use kt_control_api::{AppliedVersion, ConfigSource, ContentHash, Gateway};
use kt_policy::Source as SourceText;
use std::sync::{Arc, Mutex};

/// Activates configurations, and keeps disk and published status in step.
pub(crate) struct ActiveConfig<'p> {
    pool: &'p Pool,
    state: Arc<GatewayState>,
    published: Arc<Mutex<ControlStatus>>,
    last_applied: LastApplied,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) status: InstanceStatus,
}

impl<'p> ActiveConfig<'p> {
    /// The configuration that the gateway has started with.
    pub(crate) fn new(
        pool: &'p Pool,
        state: Arc<GatewayState>,
        published: Arc<Mutex<ControlStatus>>,
        last_applied: LastApplied,
        (snapshot, source, generation): (Arc<Snapshot>, ConfigSource, u64),
    ) -> Self {
        state.metrics.applied(snapshot.version);
        let status = InstanceStatus::new(source, &snapshot, generation);
        Self {
            pool,
            state,
            published,
            last_applied,
            snapshot,
            status,
        }
    }

    pub(super) fn pool(&self) -> &Pool {
        self.pool
    }

    /// Activates a snapshot in every worker and stores it; false when a worker
    /// did not acknowledge it.
    pub(super) fn activate(
        &mut self,
        snapshot: Snapshot,
        source: ConfigSource,
        generation: u64,
        owner: Option<&Gateway>,
    ) -> bool {
        let snapshot = Arc::new(snapshot);
        if !self.pool.swap(&snapshot) {
            tracing::error!("not every worker activated the new configuration");
            return false;
        }
        self.snapshot = Arc::clone(&snapshot);
        self.status.source = source;
        self.status.applied = status::applied(&snapshot, generation);
        self.status.rejection = None;
        self.state.metrics.applied(snapshot.version);
        if snapshot.version.is_some() {
            self.store(owner);
        }
        self.publish(Some(LastReload {
            result: "applied",
            at: Timestamp::now(),
            error: None,
        }));
        true
    }

    /// Acknowledges a generation without a change of the configuration.
    pub(super) fn acknowledge(&mut self, generation: u64) {
        self.status.applied.generation = generation;
        self.status.source = ConfigSource::ControlPlane;
        self.status.rejection = None;
        self.publish(None);
    }

    /// Records the rejection of a configuration; the active one remains.
    pub(super) fn reject(&mut self, error: &BuildError, version: Option<u64>, generation: u64) {
        let rejection = status::rejection(error, version, generation);
        tracing::warn!(version, code = %rejection.code, "configuration rejected: {}", rejection.message);
        self.state.metrics.rejected();
        let message = rejection.message.clone();
        self.status.rejection = Some(rejection);
        self.publish(Some(LastReload {
            result: "rejected",
            at: Timestamp::now(),
            error: Some(message),
        }));
    }

    /// Returns the active configuration, to be built again.
    pub(super) fn input(&self) -> ConfigInput {
        let name = self.snapshot.document.pack.name.clone();
        ConfigInput {
            version: self.snapshot.version,
            sources: vec![SourceText::new(name, self.snapshot.content.clone())],
        }
    }

    /// Stores the active configuration for a start while the control plane is
    /// unreachable; only managed gateways have an `owner`.
    pub(super) fn store(&mut self, owner: Option<&Gateway>) {
        let Some(gateway) = owner else { return };
        let stored = StoredConfig {
            gateway: gateway.id.to_string(),
            name: gateway.name.clone(),
            version: self.snapshot.version,
            sha256: self.snapshot.sha256.clone(),
            source: self.snapshot.document.pack.name.clone(),
            content: self.snapshot.content.clone(),
            checksum: String::new(),
        };
        if let Err(error) = self.last_applied.write(stored) {
            tracing::error!("cannot store the last applied configuration: {error}");
        }
    }

    /// Returns what is reported as applied: the active configuration, unless the
    /// copy on disk was modified, which a restart without the control plane would
    /// serve.
    pub(super) fn applied_on_disk(&mut self) -> AppliedVersion {
        let mut applied = self.status.applied.clone();
        if self.snapshot.version.is_none() {
            return applied;
        }
        let hash = match self.last_applied.tampering(&self.snapshot.sha256) {
            None => return applied,
            Some(Tampering::Missing) => ContentHash::from_bytes([0; 32]),
            Some(Tampering::Damaged(hash)) => ContentHash::from_bytes(hash),
            Some(Tampering::Replaced(hash)) => status::content_hash(&hash),
        };
        applied.version = None;
        applied.sha256 = hash;
        applied
    }

    /// Changes fields of the published status that do not depend on the
    /// configuration.
    pub(super) fn update_published(&self, update: impl FnOnce(&mut ControlStatus)) {
        if let Ok(mut published) = self.published.lock() {
            update(&mut published);
        }
    }

    /// Publishes the status for the administration API.
    pub(super) fn publish(&self, last_reload: Option<LastReload>) {
        self.update_published(|published| {
            published.snapshot = Arc::clone(&self.snapshot);
            published.applied_at = self.status.applied.at;
            published.source = self.status.source;
            if last_reload.is_some() {
                published.last_reload = last_reload;
            }
        });
    }
}
