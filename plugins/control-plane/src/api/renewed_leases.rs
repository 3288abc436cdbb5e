//! Leases that a server has renewed, and not stored yet.
//!
//! Most reports of instances only extend a lease. A transaction for each was more than half of their
//! processor time, so a server acknowledges them at once and stores them together, every second. A
//! lease is renewed like this only while the stored one lasts much longer than that, so no instance
//! is taken for gone because its last report is not stored yet, neither here nor by another server,
//! nor after the server was killed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kt_control_api::{GatewayId, InstanceId, StatusReport};

use crate::store::LeaseRenewal;

/// The newest renewal of each instance that is not stored yet.
#[derive(Debug, Default)]
pub(crate) struct RenewedLeases(Mutex<HashMap<(GatewayId, InstanceId), LeaseRenewal>>);

impl RenewedLeases {
    fn pending(&self) -> MutexGuard<'_, HashMap<(GatewayId, InstanceId), LeaseRenewal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns all renewals.
    pub(super) fn all(&self) -> Vec<LeaseRenewal> {
        self.pending().values().cloned().collect()
    }

    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.pending().is_empty()
    }

    /// Adds a renewal, unless there is a newer one.
    pub(super) fn add(&self, renewal: LeaseRenewal) {
        let key = (renewal.gateway.clone(), renewal.instance.clone());
        let mut pending = self.pending();
        if pending.get(&key).is_none_or(|one| one.seq < renewal.seq) {
            drop(pending.insert(key, renewal));
        }
    }

    /// Returns the newest renewal of an instance if a report is not newer.
    pub(super) fn not_older_than(
        &self,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Option<LeaseRenewal> {
        let key = (gateway.clone(), report.instance_id.clone());
        let pending = self.pending();
        let found = pending.get(&key).filter(|one| one.seq >= report.seq);
        found.cloned()
    }

    /// Forgets renewals that are stored.
    pub(super) fn remove(&self, stored: &[LeaseRenewal]) {
        let mut pending = self.pending();
        for one in stored {
            let key = (one.gateway.clone(), one.instance.clone());
            if pending
                .get(&key)
                .is_some_and(|newest| newest.seq == one.seq)
            {
                drop(pending.remove(&key));
            }
        }
    }
}
