//! What touches the world.

use crate::Error;
use crate::service::ProbeOutcome;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecOutcome {
    /// It ended.
    Exited {
        /// Exit code; `None` when a signal ended it.
        code: Option<i32>,
        /// Standard output.
        stdout: String,
        /// Standard error.
        stderr: String,
    },
    /// It was killed because it took too long.
    TimedOut,
    /// There is no such program.
    NotFound,
    /// It could not be run; the reason is for people.
    Failed(String),
}

/// The world that probes look at and plans change.
pub trait Runner {
    /// Runs a program without a shell and without standard input, with `env`
    /// on top of the environment, for at most `timeout`.
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome;

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Replaces a file in one step, and makes its directory.
    ///
    /// # Errors
    /// When it cannot be written; the earlier file is then unharmed.
    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file; `false` when there was none.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<bool>;

    /// Looks at a file without following a link: [`ProbeOutcome::Metadata`],
    /// [`ProbeOutcome::NotFound`] or [`ProbeOutcome::Unknown`].
    fn stat(&self, path: &Path) -> ProbeOutcome;

    /// Names in a directory: [`ProbeOutcome::Entries`], [`ProbeOutcome::NotFound`] or
    /// [`ProbeOutcome::Unknown`].
    fn list(&self, path: &Path) -> ProbeOutcome;

    /// Time since any fixed moment; never goes back.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Fails when the work should end early.
    ///
    /// # Errors
    /// StepError it should end.
    fn check_cancelled(&self) -> Result<(), Error>;
}
