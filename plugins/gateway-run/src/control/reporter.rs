//! Status reports to the control plane.

use super::managed_gateway::ManagedGateway;
use super::poll::requested_pause;
use super::status::InstanceStatus;
use crate::halt::Halts;
use jiff::Timestamp;
use kt_control_api::{AppliedVersion, InstanceId, ProcessIdentity, StatusReport};
use std::time::Instant;

/// The interval between two reports, seconds.
pub(super) const REPORT_INTERVAL: u32 = 5;
/// The time that an instance counts as live after a report, seconds: three
/// intervals.
const LEASE: u32 = 3 * REPORT_INTERVAL;

/// The part of a report that never changes.
pub(crate) struct Identity {
    pub(crate) instance_id: InstanceId,
    process: ProcessIdentity,
    started_at: Timestamp,
    listen: String,
}

impl Identity {
    pub(crate) fn new(listen: String) -> Self {
        Self {
            instance_id: InstanceId::random(),
            process: ProcessIdentity::current(),
            started_at: Timestamp::now(),
            listen,
        }
    }
}

/// The outcome of a report.
pub(super) enum ReportOutcome {
    /// The control plane received it.
    Sent,
    /// None is due: the control plane asked for a pause.
    Skipped,
    /// The control plane cannot be reached.
    Failed(String),
}

/// Sends status reports; each one is complete.
pub(crate) struct StatusReporter {
    identity: Identity,
    seq: u64,
    /// The end of a pause that the control plane asked for.
    paused_until: Option<Instant>,
}

impl StatusReporter {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            seq: 0,
            paused_until: None,
        }
    }

    pub(super) fn instance_id(&self) -> &InstanceId {
        &self.identity.instance_id
    }

    /// Reports the status; `applied` is what a restart would serve.
    pub(super) fn send(
        &mut self,
        managed: &ManagedGateway<'_>,
        status: &InstanceStatus,
        applied: AppliedVersion,
        halts: &Halts,
        stopping: bool,
    ) -> ReportOutcome {
        // Each report is complete, so the next one makes up for one that is skipped.
        let paused = self.paused_until.is_some_and(|end| Instant::now() < end);
        if paused && !stopping {
            return ReportOutcome::Skipped;
        }
        self.seq += 1;
        let report = StatusReport {
            halt: halts.report(),
            ..self.report(status, applied, stopping)
        };
        let client = if stopping {
            managed.shutdown_client()
        } else {
            managed.report_client()
        };
        match client.report_status(managed.gateway.id.as_str(), &report) {
            Ok(_) => ReportOutcome::Sent,
            Err(error) => {
                let pause = error.retry_after.map(|s| requested_pause(Some(s)));
                self.paused_until = pause.map(|pause| Instant::now() + pause);
                ReportOutcome::Failed(error.detail)
            }
        }
    }

    fn report(
        &self,
        status: &InstanceStatus,
        applied: AppliedVersion,
        stopping: bool,
    ) -> StatusReport {
        StatusReport {
            instance_id: self.identity.instance_id.clone(),
            seq: self.seq,
            process: self.identity.process.clone(),
            started_at: self.identity.started_at,
            lease_seconds: LEASE,
            binary: Some(concat!("kt ", env!("CARGO_PKG_VERSION")).to_owned()),
            listen: Some(self.identity.listen.clone()),
            source: status.source,
            observed: status.observed.clone(),
            applied: Some(applied),
            rejection: status.rejection.clone(),
            halt: None,
            stopping,
        }
    }
}
