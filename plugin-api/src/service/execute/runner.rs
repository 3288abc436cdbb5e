//! Access to the system.

use crate::Error;
use crate::service::ProbeOutcome;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The outcome of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecOutcome {
    /// The program exited.
    Exited {
        /// Exit code; `None` if a signal terminated it.
        code: Option<i32>,
        /// Standard output.
        stdout: String,
        /// Standard error.
        stderr: String,
    },
    /// The program timed out and was killed.
    TimedOut,
    /// The program does not exist.
    NotFound,
    /// The program could not be started; the message is for the user.
    Failed(String),
}

/// Performs the operations of probes and plans.
pub trait Runner {
    /// Runs a program for at most `timeout`, without a shell and without standard
    /// input. `env` is added to the caller's environment.
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome;

    /// Reads a file; `None` if it does not exist.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Replaces a file atomically, and creates its directory.
    ///
    /// # Errors
    /// If it cannot be written; an existing file is then unchanged.
    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file; `false` if it did not exist.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<bool>;

    /// Returns the metadata of a file without following links: [`ProbeOutcome::Metadata`],
    /// [`ProbeOutcome::NotFound`] or [`ProbeOutcome::Unknown`].
    fn stat(&self, path: &Path) -> ProbeOutcome;

    /// Returns the names in a directory: [`ProbeOutcome::Entries`], [`ProbeOutcome::NotFound`] or
    /// [`ProbeOutcome::Unknown`].
    fn list(&self, path: &Path) -> ProbeOutcome;

    /// Returns the time since an arbitrary fixed moment; monotonic.
    fn now(&self) -> Duration;

    /// Sleeps; a cancellation during the sleep ends it.
    fn sleep(&self, duration: Duration);

    /// Returns an error if the operation is cancelled.
    ///
    /// # Errors
    /// The reason of the cancellation.
    fn check_cancelled(&self) -> Result<(), Error>;
}
