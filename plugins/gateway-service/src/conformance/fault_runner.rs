//! A runner that fails every change after a number of them, as if kt were killed; and one
//! that ignores cancellation, for the cleanup.

use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{ProbeAction, ProbeOutcome, Probes};
use kt_plugin_api::{Class, Error};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Performs a number of changes, and none after them.
pub(super) struct FaultRunner<'a> {
    inner: &'a dyn Runner,
    remaining: Cell<u32>,
    interrupted: Cell<bool>,
    ignore_cancellation: bool,
    /// The commands of probes, which are not changes.
    probe_commands: RefCell<BTreeSet<Vec<String>>>,
}

impl<'a> FaultRunner<'a> {
    pub(super) fn interrupt_after(changes: u32, inner: &'a dyn Runner) -> Self {
        Self {
            inner,
            remaining: Cell::new(changes),
            interrupted: Cell::new(false),
            ignore_cancellation: false,
            probe_commands: RefCell::default(),
        }
    }

    /// Creates a runner that performs all changes and ignores cancellation.
    pub(super) fn uncancellable(inner: &'a dyn Runner) -> Self {
        Self {
            ignore_cancellation: true,
            ..Self::interrupt_after(u32::MAX, inner)
        }
    }

    /// Returns whether the limit of changes was reached.
    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Registers the commands of probes.
    pub(super) fn allow_probes(&self, probes: &Probes) {
        for probe in &probes.probes {
            if let ProbeAction::Run { argv, .. } = &probe.action {
                self.probe_commands.borrow_mut().insert(argv.clone());
            }
        }
    }

    /// Counts a change, and returns whether it is performed.
    fn allow_change(&self) -> bool {
        if self.remaining.get() == 0 {
            self.interrupted.set(true);
        } else {
            self.remaining.set(self.remaining.get() - 1);
        }
        !self.interrupted.get()
    }
}

fn killed() -> io::Error {
    io::Error::other("killed")
}

impl Runner for FaultRunner<'_> {
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome {
        let probe = self.probe_commands.borrow().contains(argv);
        if self.interrupted.get() || (!probe && !self.allow_change()) {
            return ExecOutcome::Failed("killed".to_owned());
        }
        self.inner.run(argv, env, timeout)
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        if self.interrupted.get() || !self.allow_change() {
            return Err(killed());
        }
        self.inner.write(path, mode, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        if self.interrupted.get() || !self.allow_change() {
            return Err(killed());
        }
        self.inner.remove(path)
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        self.inner.stat(path)
    }

    fn list(&self, path: &Path) -> ProbeOutcome {
        self.inner.list(path)
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn sleep(&self, time: Duration) {
        self.inner.sleep(time);
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        if self.interrupted.get() {
            return Err(Error::new(Class::Terminated, "killed", "killed"));
        }
        if self.ignore_cancellation {
            return Ok(());
        }
        self.inner.check_cancelled()
    }
}
