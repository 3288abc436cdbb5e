//! The state behind the model.

use super::job::{End, Job, Manners};
use super::launchctl::ended;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome};
use kt_plugin_api::{Class, Error};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Exit codes and habits in which versions of macOS differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes {
    /// `bootstrap` while the label is taken.
    pub(super) busy: i32,
    /// `bootout` of what does not end at once.
    pub(super) bootout: i32,
    /// Whether `bootout` returns only when it is gone.
    pub(super) bootout_waits: bool,
    /// `kickstart` of what runs.
    pub(super) running: i32,
}

pub(super) struct World {
    files: RefCell<BTreeMap<PathBuf, (u32, Vec<u8>)>>,
    pub(super) jobs: RefCell<BTreeMap<String, Job>>,
    pub(super) disabled: RefCell<BTreeSet<String>>,
    pub(super) codes: Cell<Codes>,
    pub(super) manners: Cell<Manners>,
    pub(super) exit_timeout_ms: Cell<u64>,
    pub(super) run_at_load: Cell<bool>,
    pub(super) session: Cell<bool>,
    drain_ms: Cell<u64>,
    clock: Cell<u64>,
    next_pid: Cell<u32>,
    failure: RefCell<Option<(String, i32)>>,
    /// Calls until the person interrupts.
    patience: Cell<Option<u32>>,
    pub(super) ran: RefCell<Vec<String>>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            files: RefCell::default(),
            jobs: RefCell::default(),
            disabled: RefCell::default(),
            codes: Cell::new(Codes {
                busy: 5,
                bootout: 0,
                bootout_waits: false,
                running: 0,
            }),
            manners: Cell::default(),
            exit_timeout_ms: Cell::new(45_000),
            run_at_load: Cell::new(true),
            session: Cell::new(true),
            drain_ms: Cell::new(400),
            clock: Cell::new(0),
            next_pid: Cell::new(100),
            failure: RefCell::default(),
            patience: Cell::default(),
            ran: RefCell::default(),
        }
    }

    /// How long a label stays after `bootout`, at least.
    pub(super) fn draining_takes(&self, ms: u64) {
        self.drain_ms.set(ms);
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.clock.get()
    }

    pub(super) fn disable(&self, label: &str) {
        self.disabled.borrow_mut().insert(label.to_owned());
    }

    pub(super) fn fail_next(&self, verb: &str, code: i32) {
        *self.failure.borrow_mut() = Some((verb.to_owned(), code));
    }

    pub(super) fn due_failure(&self, verb: &str) -> Option<i32> {
        let mut failure = self.failure.borrow_mut();
        let due = failure.take_if(|(wanted, _)| wanted == verb);
        due.map(|(_, code)| code)
    }

    pub(super) fn interrupt_after(&self, checks: u32) {
        self.patience.set(Some(checks));
    }

    pub(super) fn log_out(&self) {
        self.session.set(false);
        self.jobs.borrow_mut().clear();
    }

    pub(super) fn file(&self, path: &str) -> Option<(u32, Vec<u8>)> {
        self.files.borrow().get(Path::new(path)).cloned()
    }

    pub(super) fn spoil(&self, path: &str) {
        let spoilt = (0o644, b"spoilt".to_vec());
        self.files.borrow_mut().insert(path.into(), spoilt);
    }

    /// The list that the only agent was loaded with.
    pub(super) fn loaded_list(&self) -> Option<Vec<u8>> {
        let jobs = self.jobs.borrow();
        jobs.values().next().map(|job| job.list.clone())
    }

    /// The only process ends.
    pub(super) fn end_process(&self, end: End) {
        for job in self.jobs.borrow_mut().values_mut() {
            job.end(end, self.clock.get());
        }
    }

    pub(super) fn fresh_pid(&self) -> u32 {
        self.next_pid.set(self.next_pid.get() + 1);
        self.next_pid.get()
    }

    pub(super) fn pass(&self, ms: u64) {
        self.clock.set(self.clock.get() + ms);
        let (now, drain) = (self.clock.get(), self.drain_ms.get());
        let mut jobs = self.jobs.borrow_mut();
        for job in jobs.values_mut() {
            if job.pass(now) {
                job.launch(self.fresh_pid(), now);
            }
        }
        let gone = |job: &Job| job.pid.is_none() && job.left_at.is_some_and(|at| at + drain <= now);
        jobs.retain(|_, job| !gone(job));
    }

    fn alive(&self, pid: &str) -> ExecOutcome {
        let pid: u32 = pid.parse().unwrap();
        let alive = self.jobs.borrow().values().any(|j| j.pid == Some(pid));
        ended(i32::from(!alive), "")
    }
}

impl Runner for World {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, timeout: Duration) -> ExecOutcome {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        self.ran.borrow_mut().push(words[1..].join(" "));
        match words.as_slice() {
            ["launchctl", rest @ ..] => self.launchctl(rest, timeout),
            ["/bin/kill", "-0", pid] => self.alive(pid),
            ["sw_vers", "-productVersion"] => ended(0, "14.5\n"),
            ["plutil", ..] => ExecOutcome::NotFound,
            other => panic!("the model has no {other:?}"),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let files = self.files.borrow();
        Ok(files.get(path).map(|(_, bytes)| bytes.clone()))
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let file = (mode, bytes.to_vec());
        self.files.borrow_mut().insert(path.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        Ok(self.files.borrow_mut().remove(path).is_some())
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        let files = self.files.borrow();
        files
            .get(path)
            .map_or(ProbeOutcome::NotFound, |(mode, _)| ProbeOutcome::Metadata {
                kind: FileKind::File,
                uid: 501,
                mode: *mode,
            })
    }

    fn list(&self, _: &Path) -> ProbeOutcome {
        ProbeOutcome::NotFound
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.get())
    }

    fn sleep(&self, time: Duration) {
        self.pass(u64::try_from(time.as_millis()).unwrap());
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        match self.patience.get() {
            Some(0) => Err(Error::new(Class::Interrupted, "interrupted", "interrupted")),
            left => {
                self.patience.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}
