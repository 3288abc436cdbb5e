//! A runner that dies: from some change on, nothing that it is told has an
//! effect, like a kt that was killed. And one that does not end early, to clear
//! away.

use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{ProbeAction, ProbeOutcome, Probes};
use kt_plugin_api::{Class, Error};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Lets a number of changes through, and nothing after them.
pub(super) struct Mortal<'a> {
    inner: &'a dyn Runner,
    left: Cell<u32>,
    dead: Cell<bool>,
    /// It goes on although it was told to end.
    deaf: bool,
    /// Programs that only look; running one is no change.
    looks: RefCell<BTreeSet<Vec<String>>>,
}

impl<'a> Mortal<'a> {
    pub(super) fn after(changes: u32, inner: &'a dyn Runner) -> Self {
        Self {
            inner,
            left: Cell::new(changes),
            dead: Cell::new(false),
            deaf: false,
            looks: RefCell::default(),
        }
    }

    /// One that lives, and ends only when its work is done.
    pub(super) fn deaf(inner: &'a dyn Runner) -> Self {
        Self {
            deaf: true,
            ..Self::after(u32::MAX, inner)
        }
    }

    /// Whether it died.
    pub(super) fn died(&self) -> bool {
        self.dead.get()
    }

    /// Notes which programs only look.
    pub(super) fn note(&self, probes: &Probes) {
        for probe in &probes.probes {
            if let ProbeAction::Run { argv, .. } = &probe.action {
                self.looks.borrow_mut().insert(argv.clone());
            }
        }
    }

    fn lives(&self) -> bool {
        if self.left.get() == 0 {
            self.dead.set(true);
        } else {
            self.left.set(self.left.get() - 1);
        }
        !self.dead.get()
    }
}

fn gone() -> io::Error {
    io::Error::other("killed")
}

impl Runner for Mortal<'_> {
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome {
        let looks = self.looks.borrow().contains(argv);
        if self.dead.get() || (!looks && !self.lives()) {
            return ExecOutcome::Failed("killed".to_owned());
        }
        self.inner.run(argv, env, timeout)
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        if self.dead.get() || !self.lives() {
            return Err(gone());
        }
        self.inner.write(path, mode, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        if self.dead.get() || !self.lives() {
            return Err(gone());
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
        if self.dead.get() {
            return Err(Error::new(Class::Terminated, "killed", "killed"));
        }
        if self.deaf {
            return Ok(());
        }
        self.inner.check_cancelled()
    }
}
