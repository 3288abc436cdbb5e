//! The request to install a service.

use crate::operation::overwrite::OverwritePolicy;
use crate::record::Record;
use std::time::Duration;

/// What to install, and how.
pub(crate) struct InstallRequest {
    /// The record to write; its files are filled in from the plan.
    pub(crate) record: Record,
    pub(crate) start: bool,
    /// Enable the start at boot.
    pub(crate) boot: bool,
    /// Restart a service that runs an older kt.
    pub(crate) refresh: bool,
    pub(crate) overwrite: OverwritePolicy,
    /// The time limit for the gateway to become ready.
    pub(crate) timeout: Duration,
}
