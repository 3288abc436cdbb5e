//! The status of an instance, as it is reported to the control plane.

use crate::snapshot::{BuildError, Snapshot};
use jiff::Timestamp;
use kt_control_api::{AppliedVersion, ConfigSource, ContentHash, ObservedVersion, Rejection};

/// What an instance has observed, applied and rejected.
pub(crate) struct InstanceStatus {
    pub(crate) source: ConfigSource,
    pub(crate) observed: Option<ObservedVersion>,
    pub(crate) applied: AppliedVersion,
    pub(crate) rejection: Option<Rejection>,
}

impl InstanceStatus {
    /// The status right after a start.
    pub(super) fn new(source: ConfigSource, snapshot: &Snapshot, generation: u64) -> Self {
        Self {
            source,
            observed: None,
            applied: applied(snapshot, generation),
            rejection: None,
        }
    }
}

/// Describes an active snapshot.
pub(super) fn applied(snapshot: &Snapshot, generation: u64) -> AppliedVersion {
    AppliedVersion {
        version: snapshot.version,
        sha256: content_hash(&snapshot.sha256),
        generation,
        at: Timestamp::now(),
    }
}

/// Describes a configuration that cannot be activated.
pub(super) fn rejection(error: &BuildError, version: Option<u64>, generation: u64) -> Rejection {
    let first = error.first();
    let (file, line, column) = match first.location {
        Some(at) => (Some(at.file), Some(at.line), Some(at.column)),
        None => (None, None, None),
    };
    Rejection {
        code: first.code,
        message: first.message,
        pointer: Some(first.path).filter(|p| !p.is_empty()),
        file,
        line,
        column,
        version,
        generation,
        at: Timestamp::now(),
    }
}

/// Parses a hash from hexadecimal; the policy library writes no other form.
pub(super) fn content_hash(text: &str) -> ContentHash {
    text.parse()
        .unwrap_or_else(|_| ContentHash::from_bytes([0; 32]))
}
