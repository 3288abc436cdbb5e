//! Renewals of leases, which a server acknowledges before it stores them.

use std::time::Duration;

use kt_control_api::{GatewayId, InstanceId, StatusReport, SyncState, Timestamp};

use super::receipt::ReportReceipt;
use super::snapshot::{DesiredState, InstanceRecord, RENEWED_PART, is_renewal};

/// How much of the stored lease must be left for a renewal to be stored later, besides half of it:
/// several times the interval in which a server stores renewals.
const MIN_REMAINING: Duration = Duration::from_secs(5);

/// What a report changes that only extends the lease of its instance.
#[derive(Debug, Clone)]
pub struct LeaseRenewal {
    /// The gateway.
    pub gateway: GatewayId,
    /// The instance.
    pub instance: InstanceId,
    /// The number of the report.
    pub seq: u64,
    /// When it was received.
    pub seen_at: Timestamp,
    /// When the lease expires now.
    pub lease_until: Timestamp,
    /// The length of the lease in seconds.
    pub(super) lease_seconds: u32,
    /// The state of the instance.
    pub(super) state: SyncState,
    /// The generation of the gateway with which it has that state.
    pub(super) generation: u64,
}

impl LeaseRenewal {
    /// Creates the renewal by a report.
    pub(super) fn new(
        now: Timestamp,
        current: &DesiredState,
        receipt: &ReportReceipt,
        report: &StatusReport,
    ) -> Self {
        Self {
            gateway: receipt.gateway.clone(),
            instance: report.instance_id.clone(),
            seq: report.seq,
            seen_at: now,
            lease_until: receipt.lease_until,
            lease_seconds: report.lease_seconds,
            state: current.state_of(report),
            generation: receipt.generation,
        }
    }

    /// Returns up to when the period of a state must end to be extended by this renewal, in
    /// microseconds.
    pub(super) fn extends_before(&self) -> i64 {
        self.lease_until.as_microsecond() - i64::from(self.lease_seconds) * RENEWED_PART
    }
}

/// Returns the renewal by a report that only extends the lease of its instance, if it may be stored
/// later: the lease that is stored would last long enough without it. `None` means that the report
/// has to be stored at once.
pub(super) fn deferrable(
    now: Timestamp,
    current: &DesiredState,
    before: &InstanceRecord,
    report: &StatusReport,
) -> Option<(ReportReceipt, LeaseRenewal)> {
    let receipt = ReportReceipt::new(now, current, report);
    let half = Duration::from_secs(report.lease_seconds.into()) / 2;
    let lasts = now + half.max(MIN_REMAINING) <= before.lease_until;
    if !lasts || before.seq >= report.seq || !is_renewal(before, now, receipt.lease_until, report) {
        return None;
    }
    let renewal = LeaseRenewal::new(now, current, &receipt, report);
    let is_repaired = receipt.repairs_drift && renewal.state == SyncState::Drifted;
    (!is_repaired).then_some((receipt, renewal))
}
