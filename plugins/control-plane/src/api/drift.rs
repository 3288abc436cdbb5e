//! Automatic repair of drift.

use std::time::Duration;

use kt_control_api::{GatewayId, InstanceId, StatusReport, SyncState, Timestamp};

use super::service::{Api, RequestContext};
use crate::store::{ChangeContext, GatewayAction, GatewayRef, GatewaySnapshot, StoreError};

/// The actor of repairs in the audit log.
const ACTOR: &str = "kt:drift";
/// Shortest time between two repairs of a gateway, so that an instance that is overridden again
/// and again does not fill the audit log.
const MIN_INTERVAL: Duration = Duration::from_mins(1);

impl Api {
    /// Requests a reconcile when the reporting instance has drifted. Returns the generation on
    /// which the instance then has to act. An error is only logged, because the next report
    /// comes soon.
    pub(super) fn repair_drift(
        &self,
        context: &RequestContext<'_>,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Option<u64> {
        match self.try_repair(context, gateway, &report.instance_id) {
            Ok(generation) => generation,
            // A concurrent request changed or deleted the gateway.
            Err(StoreError::RevisionMismatch { .. } | StoreError::Gone(_)) => None,
            Err(error) => {
                tracing::warn!(%gateway, %error, "cannot repair drift");
                None
            }
        }
    }

    fn try_repair(
        &self,
        context: &RequestContext<'_>,
        gateway: &GatewayId,
        instance: &InstanceId,
    ) -> Result<Option<u64>, StoreError> {
        let (key, now) = (GatewayRef::Id(gateway.clone()), self.now());
        let state = self.store().desired_state(&key)?;
        let reported = self.store().instance(gateway, instance)?;
        let snapshot = state.with_instances(reported.into_iter().collect());
        if !has_drifted(&snapshot, now) || was_reconciled_recently(&snapshot, now) {
            return Ok(None);
        }
        let change = ChangeContext {
            actor: ACTOR.to_owned(),
            request_id: context.request_id.to_owned(),
            now,
            if_match: Some(snapshot.gateway.rev),
            idempotency_key: None,
        };
        let request = GatewayAction::Reconcile {
            dry_run: false,
            reason: Some(format!("{instance} has drifted")),
        };
        let receipt = self.store().act(&change, &key, &request)?;
        if let Some(metrics) = self.metrics() {
            metrics.count_drift_repair();
        }
        tracing::info!(%gateway, %instance, "requested a reconcile to repair drift");
        Ok(Some(receipt.generation))
    }
}

/// Returns whether an instance in the snapshot has drifted.
fn has_drifted(snapshot: &GatewaySnapshot, now: Timestamp) -> bool {
    let gateway = snapshot.view(now);
    let mut instances = gateway.instances.iter();
    instances.any(|one| one.state == SyncState::Drifted)
}

/// Returns whether the last change of the gateway was a reconcile within `MIN_INTERVAL`.
fn was_reconciled_recently(snapshot: &GatewaySnapshot, now: Timestamp) -> bool {
    let gateway = &snapshot.gateway;
    gateway.reconcile_generation == gateway.generation && now < gateway.updated_at + MIN_INTERVAL
}
