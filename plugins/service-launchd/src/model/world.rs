//! The state behind the model.

use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{Ran, Runner};
use kt_plugin_api::service::{FileKind, Seen};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a process takes to end after SIGTERM, milliseconds.
const ENDING_MS: u64 = 250;
/// launchd's shortest time between two starts, milliseconds.
const THROTTLE_MS: u64 = 10_000;

#[derive(Debug, Clone, Default)]
struct Job {
    pid: Option<u32>,
    runs: u32,
    last_exit: Option<i32>,
    ends_at: Option<u64>,
    starts_at: Option<u64>,
}

pub(super) struct World {
    files: RefCell<BTreeMap<PathBuf, (u32, Vec<u8>)>>,
    jobs: RefCell<BTreeMap<String, Job>>,
    disabled: RefCell<BTreeSet<String>>,
    draining: RefCell<BTreeMap<String, u64>>,
    drain_ms: Cell<u64>,
    session: Cell<bool>,
    clock: Cell<u64>,
    next_pid: Cell<u32>,
    bootstrap_fails: Cell<Option<i32>>,
}

fn ended(code: i32, stdout: &str) -> Ran {
    Ran::Ended {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

/// `gui/501/label` without its domain.
fn label_of(target: &str) -> String {
    target.splitn(3, '/').nth(2).unwrap_or_default().to_owned()
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            files: RefCell::default(),
            jobs: RefCell::default(),
            disabled: RefCell::default(),
            draining: RefCell::default(),
            drain_ms: Cell::new(400),
            session: Cell::new(true),
            clock: Cell::new(0),
            next_pid: Cell::new(100),
            bootstrap_fails: Cell::new(None),
        }
    }

    pub(super) fn draining_takes(&self, ms: u64) {
        self.drain_ms.set(ms);
    }

    pub(super) fn waited(&self) -> u64 {
        self.clock.get()
    }

    pub(super) fn disable(&self, label: &str) {
        self.disabled.borrow_mut().insert(label.to_owned());
    }

    pub(super) fn fail_next_bootstrap(&self, code: i32) {
        self.bootstrap_fails.set(Some(code));
    }

    pub(super) fn log_out(&self) {
        self.session.set(false);
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.borrow().contains_key(Path::new(path))
    }

    pub(super) fn spoil(&self, path: &str) {
        self.files
            .borrow_mut()
            .insert(path.into(), (0o644, b"spoilt".to_vec()));
    }

    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8(self.files.borrow()[Path::new(path)].1.clone()).unwrap()
    }

    /// The only process ends with `code`.
    pub(super) fn end_process(&self, code: i32) {
        for job in self.jobs.borrow_mut().values_mut() {
            self.finish(job, code);
        }
    }

    fn finish(&self, job: &mut Job, code: i32) {
        job.pid = None;
        job.ends_at = None;
        job.last_exit = Some(code);
        job.starts_at = (code != 0).then(|| self.clock.get() + THROTTLE_MS);
    }

    fn launch(&self, job: &mut Job) {
        self.next_pid.set(self.next_pid.get() + 1);
        job.pid = Some(self.next_pid.get());
        job.runs += 1;
        job.starts_at = None;
    }

    pub(super) fn pass(&self, ms: u64) {
        self.clock.set(self.clock.get() + ms);
        let now = self.clock.get();
        self.draining.borrow_mut().retain(|_, until| *until > now);
        for job in self.jobs.borrow_mut().values_mut() {
            if job.ends_at.is_some_and(|at| at <= now) {
                self.finish(job, 0);
            }
            if job.starts_at.is_some_and(|at| at <= now) {
                self.launch(job);
            }
        }
    }

    fn print(&self, target: &str) -> Ran {
        if target.matches('/').count() == 1 {
            return ended(if self.session.get() { 0 } else { 125 }, "");
        }
        let label = label_of(target);
        if self.draining.borrow().contains_key(&label) {
            return ended(0, &format!("{target} = {{\n\tstate = draining\n}}\n"));
        }
        match self.jobs.borrow().get(&label) {
            None => ended(113, ""),
            Some(job) => {
                let mut text = format!("{target} = {{\n\truns = {}\n", job.runs);
                if let Some(pid) = job.pid {
                    text.push_str(&format!("\tpid = {pid}\n"));
                }
                if let Some(code) = job.last_exit {
                    text.push_str(&format!("\tlast exit code = {code}\n"));
                }
                text.push_str("}\n");
                ended(0, &text)
            }
        }
    }

    fn bootstrap(&self, plist: &str) -> Ran {
        if let Some(code) = self.bootstrap_fails.take() {
            return ended(code, "");
        }
        let label = Path::new(plist)
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let readable = self
            .files
            .borrow()
            .get(Path::new(plist))
            .is_some_and(|(mode, _)| mode & 0o044 == 0o044);
        let refused = !readable || self.disabled.borrow().contains(&label);
        if refused || self.draining.borrow().contains_key(&label) {
            return ended(5, "");
        }
        if self.jobs.borrow().contains_key(&label) {
            return ended(37, "");
        }
        let mut job = Job::default();
        self.launch(&mut job);
        self.jobs.borrow_mut().insert(label, job);
        ended(0, "")
    }

    fn bootout(&self, target: &str) -> Ran {
        let label = label_of(target);
        if self.jobs.borrow_mut().remove(&label).is_none() {
            return ended(3, "");
        }
        let until = self.clock.get() + self.drain_ms.get();
        self.draining.borrow_mut().insert(label, until);
        ended(0, "")
    }

    fn kickstart(&self, target: &str) -> Ran {
        let mut jobs = self.jobs.borrow_mut();
        let Some(job) = jobs.get_mut(&label_of(target)) else {
            return ended(113, "");
        };
        if job.pid.is_none() {
            self.launch(job);
        }
        ended(0, "")
    }

    fn kill(&self, target: &str) -> Ran {
        let mut jobs = self.jobs.borrow_mut();
        let Some(job) = jobs.get_mut(&label_of(target)) else {
            return ended(113, "");
        };
        job.ends_at = Some(self.clock.get() + ENDING_MS);
        ended(0, "")
    }

    fn alive(&self, pid: &str) -> Ran {
        let pid: u32 = pid.parse().unwrap();
        let alive = self.jobs.borrow().values().any(|j| j.pid == Some(pid));
        ended(i32::from(!alive), "")
    }

    fn print_disabled(&self) -> Ran {
        let lines: Vec<String> = self
            .disabled
            .borrow()
            .iter()
            .map(|label| format!("\t\"{label}\" => disabled\n"))
            .collect();
        ended(
            0,
            &format!("disabled services = {{\n{}}}\n", lines.concat()),
        )
    }
}

impl Runner for World {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, _: Duration) -> Ran {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["launchctl", "print", target] => self.print(target),
            ["launchctl", "print-disabled", _] => self.print_disabled(),
            ["launchctl", "enable", target] => {
                self.disabled.borrow_mut().remove(&label_of(target));
                ended(0, "")
            }
            ["launchctl", "bootstrap", _, plist] => self.bootstrap(plist),
            ["launchctl", "bootout", target] => self.bootout(target),
            ["launchctl", "kickstart", target] => self.kickstart(target),
            ["launchctl", "kill", "SIGTERM", target] => self.kill(target),
            ["/bin/kill", "-0", pid] => self.alive(pid),
            ["sw_vers", "-productVersion"] => ended(0, "14.5\n"),
            ["plutil", ..] => Ran::Missing,
            other => panic!("the model has no {other:?}"),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self
            .files
            .borrow()
            .get(path)
            .map(|(_, bytes)| bytes.clone()))
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        self.files
            .borrow_mut()
            .insert(path.to_owned(), (mode, bytes.to_vec()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        Ok(self.files.borrow_mut().remove(path).is_some())
    }

    fn stat(&self, path: &Path) -> Seen {
        self.files
            .borrow()
            .get(path)
            .map_or(Seen::Absent, |(mode, _)| Seen::File {
                kind: FileKind::File,
                uid: 501,
                mode: *mode,
            })
    }

    fn list(&self, _: &Path) -> Seen {
        Seen::Absent
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.get())
    }

    fn pause(&self, time: Duration) {
        self.pass(u64::try_from(time.as_millis()).unwrap());
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}
