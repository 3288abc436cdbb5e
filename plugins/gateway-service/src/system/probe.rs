//! The queries of the local system other than programs and files.

use super::admin_socket::InstanceStatus;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceName;
use std::io;
use std::path::Path;

/// The local system around a service.
pub(crate) trait SystemProbe {
    /// Queries the status of a gateway over its administration socket. The error
    /// is the reason, for display.
    fn instance_status(&self, socket: &Path) -> Result<InstanceStatus, String>;

    /// Creates a directory, and its parents, that only the user can access.
    fn create_private_dir(&self, path: &Path) -> io::Result<()>;

    /// Returns the reason why an address cannot be bound; `None` when it is free.
    fn address_conflict(&self, address: &str) -> Option<String>;

    /// Returns whether this process belongs to the service `unit`.
    fn is_inside(&self, unit: &str) -> bool;

    /// Locks the record of another service. Returns `None` where locks are not
    /// supported, as in a test.
    ///
    /// # Errors
    /// As [`Records::lock`].
    fn lock(&self, records: &Records, name: &ServiceName) -> Result<Option<Lock>, Error>;

    /// Returns whether process `pid` runs another executable than the one that is
    /// now at `executable`; `None` when unknown.
    fn executable_replaced(&self, pid: u32, executable: &Path) -> Option<bool>;
}
