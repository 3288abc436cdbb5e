//! What an action asks of the machine beside programs and files.

use crate::control::InstanceStatus;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceName;
use std::io;
use std::path::Path;

/// The machine around a service.
pub(crate) trait Surroundings {
    /// Asks a gateway over its socket how it is; the error says for people why
    /// there is no answer.
    fn ask(&self, socket: &Path) -> Result<InstanceStatus, String>;

    /// Makes a directory that only the person may enter, and those above it.
    fn make_private_dir(&self, path: &Path) -> io::Result<()>;

    /// StepError nothing can listen on an address; `None` when it is free.
    fn occupied(&self, address: &str) -> Option<String>;

    /// Whether this process is a part of the service `unit`.
    fn inside(&self, unit: &str) -> bool;

    /// Takes the lock of another service's record; `None` where there are no
    /// locks, as in a test.
    ///
    /// # Errors
    /// As [`Records::lock`].
    fn lock(&self, records: &Records, name: &ServiceName) -> Result<Option<Lock>, Error>;

    /// Whether process `pid` runs another executable than the one that is now
    /// at `executable`; `None` when it cannot be told.
    fn replaced(&self, pid: u32, executable: &Path) -> Option<bool>;
}
