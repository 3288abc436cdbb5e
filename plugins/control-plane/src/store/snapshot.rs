//! A gateway with its instances at one moment, how the API shows it, and how long its state holds.

use kt_control_api::{
    AppliedVersion, DesiredVersion, Gateway, Instance, Rejection, StatusReport, SyncState,
    Timestamp,
};

use super::rows::GatewayRow;
use super::table::columns;

/// An instance as stored: its last report, and when that was received.
#[derive(Debug, Clone)]
pub struct InstanceRecord {
    /// What the last report contained.
    pub report: StatusReport,
    /// The number of the last report. That in `report` may be an older one, which was the same.
    pub seq: u64,
    /// When it was received.
    pub seen_at: Timestamp,
    /// When its lease expires.
    pub lease_until: Timestamp,
}

columns! {
    InstanceRecord in "instances" {
        report: StatusReport,
        seq: u64,
        seen_at: Timestamp,
        lease_until: Timestamp,
    }
}

/// A gateway with its instances, as of one moment.
#[derive(Debug, Clone)]
pub struct GatewaySnapshot {
    /// The gateway.
    pub gateway: GatewayRow,
    /// Its desired version.
    pub desired: Option<DesiredVersion>,
    /// Its instances, the most recently seen first.
    pub instances: Vec<InstanceRecord>,
}

/// A state of a gateway, and the period in which it has it unless an instance reports something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatePeriod {
    pub(super) state: SyncState,
    pub(super) from: i64,
    /// The first microsecond after it.
    pub(super) until: i64,
}

/// What is desired of the instances of a gateway, without the instances.
#[derive(Debug, Clone)]
pub struct DesiredState {
    /// The epoch of the store.
    pub epoch: String,
    /// The gateway.
    pub gateway: GatewayRow,
    /// Its desired version.
    pub desired: Option<DesiredVersion>,
}

/// Maximum number of instances stored per gateway whose lease has expired; the oldest ones are
/// deleted.
pub(super) const EXPIRED_INSTANCES_KEPT: i64 = 50;

/// Maximum number of instances of a gateway whose lease has not expired. Another one is refused:
/// none of them may be forgotten, or a rejection of it would be.
pub(super) const MAX_INSTANCES: i64 = 10_000;

/// Number of instances after which no further gateway is settled in a transaction.
pub(super) const INSTANCES_PER_SETTLEMENT: usize = 1000;

/// The period of a state is extended when it would be longer by this part of a lease, in microseconds
/// for each second of the lease: by every second report.
pub(super) const RENEWED_PART: i64 = 500_000;

/// Returns the answers of a report that the previous one did not have.
pub(super) fn new_answers<'a>(
    before: Option<&StatusReport>,
    report: &'a StatusReport,
) -> (Option<&'a AppliedVersion>, Option<&'a Rejection>) {
    let old = before.and_then(|before| before.applied.as_ref());
    let applied = report.applied.as_ref().filter(|new| old != Some(*new));
    let old = before.and_then(|before| before.rejection.as_ref());
    let rejection = report.rejection.as_ref().filter(|new| old != Some(*new));
    (applied, rejection)
}

/// Returns whether a report changes what waiting requests depend on: which instances are live, and
/// what each of them has observed, applied or rejected, or done about a halt.
pub(super) fn is_change(
    before: Option<&InstanceRecord>,
    now: Timestamp,
    report: &StatusReport,
) -> bool {
    before.is_none_or(|before| {
        let old = &before.report;
        before.lease_until <= now
            || old.observed != report.observed
            || old.applied != report.applied
            || old.rejection != report.rejection
            || old.halt != report.halt
            || old.stopping != report.stopping
    })
}

/// Returns whether a report only extends the lease of the instance.
pub(super) fn is_renewal(
    before: &InstanceRecord,
    now: Timestamp,
    lease_until: Timestamp,
    report: &StatusReport,
) -> bool {
    let same = || {
        let seq = before.report.seq;
        before.report
            == StatusReport {
                seq,
                ..report.clone()
            }
    };
    now < before.lease_until && before.lease_until <= lease_until && same()
}

impl DesiredState {
    /// Returns the state of an instance while its lease is valid.
    pub(super) fn state_of(&self, report: &StatusReport) -> SyncState {
        state_of(self.desired.as_ref(), &self.gateway, report)
    }

    /// Returns the gateway with some of its instances.
    #[must_use]
    pub fn with_instances(self, instances: Vec<InstanceRecord>) -> GatewaySnapshot {
        GatewaySnapshot {
            gateway: self.gateway,
            desired: self.desired,
            instances,
        }
    }
}

impl InstanceRecord {
    /// Returns whether the instance runs, as far as is known.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.report.stopping && now < self.lease_until && !self.report.process.is_known_gone()
    }

    fn view(&self, current: &GatewaySnapshot, now: Timestamp) -> Instance {
        let report = self.report.clone();
        let mut instance = Instance {
            instance_id: report.instance_id,
            process: report.process,
            started_at: report.started_at,
            seen_at: self.seen_at,
            lease_until: self.lease_until,
            live: self.is_live(now),
            binary: report.binary,
            listen: report.listen,
            source: report.source,
            observed: report.observed,
            applied: report.applied,
            rejection: report.rejection,
            halt: report.halt,
            state: SyncState::Unknown,
        };
        let generation = current.gateway.generation;
        instance.state = SyncState::of_instance(current.desired.as_ref(), generation, &instance);
        instance
    }
}

fn state_of(
    desired: Option<&DesiredVersion>,
    gateway: &GatewayRow,
    report: &StatusReport,
) -> SyncState {
    if report.stopping {
        return SyncState::Offline;
    }
    let (applied, rejection) = (report.applied.as_ref(), report.rejection.as_ref());
    SyncState::of_answers(desired, gateway.generation, applied, rejection)
}

impl GatewaySnapshot {
    /// Returns the state at a time, and its period: the state of a gateway is the most severe one of
    /// its live instances, so it holds from the end of the last lease with a more severe one to that
    /// of the last lease with it. Processes that are known to have ended count until the ends of
    /// their leases.
    pub(super) fn state_period(&self, now: Timestamp) -> StatePeriod {
        let now = now.as_microsecond();
        let (mut state, mut until) = (SyncState::Offline, i64::MAX);
        for (one, lease) in self.leases().filter(|(_, lease)| *lease > now) {
            if one.severity() > state.severity() {
                (state, until) = (one, lease);
            } else if one == state {
                until = until.max(lease);
            }
        }
        let above = self
            .leases()
            .filter(|(one, _)| one.severity() > state.severity());
        StatePeriod {
            state,
            from: above.map(|(_, lease)| lease).max().unwrap_or(0),
            until,
        }
    }

    /// Returns the states of the instances during their leases, and when those end.
    fn leases(&self) -> impl Iterator<Item = (SyncState, i64)> {
        self.instances.iter().map(|one| {
            let state = state_of(self.desired.as_ref(), &self.gateway, &one.report);
            (state, one.lease_until.as_microsecond())
        })
    }

    /// Returns what the live instances serve, the most recently seen first.
    pub fn applied(&self, now: Timestamp) -> impl Iterator<Item = &AppliedVersion> {
        let live = self.instances.iter().filter(move |one| one.is_live(now));
        live.filter_map(|one| one.report.applied.as_ref())
    }

    /// Returns the gateway as the API shows it, live instances first.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> Gateway {
        let mut instances: Vec<_> = self
            .instances
            .iter()
            .map(|instance| instance.view(self, now))
            .collect();
        instances.sort_by_key(|instance| !instance.live);
        self.gateway
            .to_gateway(self.desired.clone(), instances, now)
    }
}
