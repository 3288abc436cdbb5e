//! Repairing drift without being asked each time.

use std::time::Duration;

use kt_control_api::{GatewayId, InstanceId, StatusReport, SyncState, Timestamp};

use super::Api;
use super::service::Call;
use crate::store::{ChangeContext, GatewayAction, GatewayRef, GatewaySnapshot, StoreError};

/// Who the trail says has asked for a repair.
const ACTOR: &str = "kt:drift";
/// Least time between two repairs of a gateway: whoever overrides it again and again must not fill
/// the trail.
const PAUSE: Duration = Duration::from_mins(1);

impl Api {
    /// Asks for a reconcile when the instance that reports has drifted. Returns the generation
    /// that it then has to act on; a failure is only logged, because the next report comes soon.
    pub(super) fn repair_drift(
        &self,
        call: &Call<'_>,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Option<u64> {
        match self.repaired(call, gateway, &report.instance_id) {
            Ok(generation) => generation,
            // Somebody else was faster, or deleted it: what follows is theirs.
            Err(StoreError::RevisionMismatch { .. } | StoreError::Gone(_)) => None,
            Err(error) => {
                tracing::warn!(%gateway, %error, "drift could not be repaired");
                None
            }
        }
    }

    fn repaired(
        &self,
        call: &Call<'_>,
        gateway: &GatewayId,
        instance: &InstanceId,
    ) -> Result<Option<u64>, StoreError> {
        let (key, now) = (GatewayRef::Id(gateway.clone()), self.now());
        let snapshot = self.store().find(&key)?;
        if !has_drifted(&snapshot, instance, now) || is_recent(&snapshot, now) {
            return Ok(None);
        }
        let change = ChangeContext {
            actor: ACTOR.to_owned(),
            request_id: call.id.to_owned(),
            now,
            if_match: Some(snapshot.gateway.rev),
            idempotency_key: None,
        };
        let ask = GatewayAction::Reconcile {
            dry_run: false,
            reason: Some(format!("{instance} has drifted")),
        };
        let receipt = self.store().act(&change, &key, &ask)?;
        if let Some(metrics) = self.metrics() {
            metrics.drift_repaired();
        }
        tracing::info!(%gateway, %instance, "drift is repaired");
        Ok(Some(receipt.generation))
    }
}

fn has_drifted(snapshot: &GatewaySnapshot, instance: &InstanceId, now: Timestamp) -> bool {
    let gateway = snapshot.view(now);
    let mut instances = gateway.instances.iter();
    instances.any(|one| one.instance_id == *instance && one.state == SyncState::Drifted)
}

/// Whether the last change of the gateway was a reconcile, and was made just now.
fn is_recent(snapshot: &GatewaySnapshot, now: Timestamp) -> bool {
    let gateway = &snapshot.gateway;
    gateway.reconcile_generation == gateway.generation && now < gateway.updated_at + PAUSE
}
