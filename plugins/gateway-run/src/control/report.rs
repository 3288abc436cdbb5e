//! What an instance says of itself.

use crate::snapshot::{BuildError, Snapshot};
use jiff::Timestamp;
use kt_control_api::{
    AppliedVersion, ConfigSource, ContentHash, InstanceId, ObservedVersion, ProcessIdentity,
    Rejection, StatusReport,
};

/// How often an instance reports, seconds.
pub(crate) const INTERVAL: u32 = 5;
/// For how long it counts as live after a report, seconds: three intervals.
const LEASE: u32 = 3 * INTERVAL;

/// Who reports; the parts that never change.
pub(crate) struct Identity {
    pub(crate) instance_id: InstanceId,
    process: ProcessIdentity,
    started_at: Timestamp,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Self {
            instance_id: InstanceId::random(),
            process: ProcessIdentity::current(),
            started_at: Timestamp::now(),
        }
    }
}

/// What is applied, seen and refused; the parts that do.
pub(crate) struct Standing {
    pub(crate) source: ConfigSource,
    pub(crate) observed: Option<ObservedVersion>,
    pub(crate) applied: AppliedVersion,
    pub(crate) rejection: Option<Rejection>,
}

/// The whole report, number `seq`.
pub(crate) fn report(
    who: &Identity,
    standing: &Standing,
    listen: &str,
    seq: u64,
    stopping: bool,
) -> StatusReport {
    StatusReport {
        instance_id: who.instance_id.clone(),
        seq,
        process: who.process.clone(),
        started_at: who.started_at,
        lease_seconds: LEASE,
        binary: Some(concat!("kt ", env!("CARGO_PKG_VERSION")).to_owned()),
        listen: Some(listen.to_owned()),
        source: standing.source,
        observed: standing.observed.clone(),
        applied: Some(standing.applied.clone()),
        rejection: standing.rejection.clone(),
        stopping,
    }
}

/// What a snapshot in force means for a report.
pub(crate) fn applied(snapshot: &Snapshot, generation: u64) -> AppliedVersion {
    AppliedVersion {
        version: snapshot.version,
        sha256: hash(&snapshot.sha256),
        generation,
        at: Timestamp::now(),
    }
}

/// What a configuration that cannot serve means for a report.
pub(crate) fn rejection(error: &BuildError, version: Option<u64>, generation: u64) -> Rejection {
    let (code, message, path, place) = error.first();
    let (file, line, column) = match place {
        Some((file, line, column)) => (Some(file), Some(line), Some(column)),
        None => (None, None, None),
    };
    Rejection {
        code,
        message,
        pointer: Some(path).filter(|p| !p.is_empty()),
        file,
        line,
        column,
        version,
        generation,
        at: Timestamp::now(),
    }
}

/// A hash from its hexadecimal form; the policy library writes no other.
pub(crate) fn hash(text: &str) -> ContentHash {
    text.parse()
        .unwrap_or_else(|_| ContentHash::from_bytes([0; 32]))
}
