//! A system in memory, with a service manager that has one unit, for tests.

use super::admin_socket::InstanceStatus;
use super::probe::SystemProbe;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome, ServiceName};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file of the only unit.
pub(crate) const UNIT: &str = "/u/kt-gateway.unit";

/// Mode and content of each file.
pub(crate) type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// Responds to a status query.
type StatusHandler = Box<dyn Fn(&Path) -> Result<InstanceStatus, String>>;

/// The system; tests can inspect it and inject failures.
pub(crate) struct FakeSystem {
    pub(crate) files: RefCell<Files>,
    /// `enabled`, `active`, `failed`.
    pub(crate) state: RefCell<BTreeSet<&'static str>>,
    /// The commands that were run, other than probes.
    pub(crate) commands: RefCell<Vec<String>>,
    /// The number of the change (command, or file of the unit) that fails, from 1.
    pub(crate) fail_at: Cell<Option<usize>>,
    changes: Cell<usize>,
    /// Whether `start` succeeds.
    pub(crate) start_succeeds: Cell<bool>,
    pub(crate) manager_available: Cell<bool>,
    /// The addresses on which another process listens.
    pub(crate) used_addresses: RefCell<BTreeSet<String>>,
    /// This process belongs to the service.
    pub(crate) inside: Cell<bool>,
    /// The executable was replaced after the service was started.
    pub(crate) executable_replaced: Cell<bool>,
    /// The service manager does not respond to status queries.
    pub(crate) manager_unresponsive: Cell<bool>,
    /// The owner of the files.
    pub(crate) file_owner: Cell<u32>,
    clock: Cell<Duration>,
    respond: StatusHandler,
}

/// Returns the status of a ready gateway.
pub(crate) fn ready() -> InstanceStatus {
    InstanceStatus(json!({ "ready": true, "live": true }))
}

impl FakeSystem {
    pub(crate) fn new() -> Self {
        Self::with_status(|_| Ok(ready()))
    }

    pub(crate) fn with_status(
        respond: impl Fn(&Path) -> Result<InstanceStatus, String> + 'static,
    ) -> Self {
        Self {
            files: RefCell::default(),
            state: RefCell::default(),
            commands: RefCell::default(),
            fail_at: Cell::new(None),
            changes: Cell::new(0),
            start_succeeds: Cell::new(true),
            manager_available: Cell::new(true),
            used_addresses: RefCell::default(),
            inside: Cell::new(false),
            executable_replaced: Cell::new(false),
            manager_unresponsive: Cell::new(false),
            file_owner: Cell::new(0),
            clock: Cell::default(),
            respond: Box::new(respond),
        }
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let files = self.files.borrow();
        let (_, bytes) = files.get(Path::new(path))?;
        Some(String::from_utf8(bytes.clone()).unwrap())
    }

    pub(crate) fn put(&self, path: &str, text: &str) {
        let file = (0o644, text.as_bytes().to_vec());
        self.files.borrow_mut().insert(path.into(), file);
    }

    /// Returns the files and the state of the service, without the history.
    pub(crate) fn snapshot(&self) -> (Files, BTreeSet<&'static str>) {
        (self.files.borrow().clone(), self.state.borrow().clone())
    }

    /// Clears the history; the next change is the first.
    pub(crate) fn reset_history(&self) {
        self.commands.borrow_mut().clear();
        self.changes.set(0);
    }

    fn should_fail(&self) -> bool {
        self.changes.set(self.changes.get() + 1);
        self.fail_at.get() == Some(self.changes.get())
    }

    fn show(&self) -> String {
        let mut words: Vec<String> = self
            .state
            .borrow()
            .iter()
            .map(|w| (*w).to_owned())
            .collect();
        if self.text(UNIT).is_some() {
            words.push(format!("file={UNIT}"));
        }
        words.join(" ")
    }

    fn change(&self, command: &str) -> i32 {
        self.commands.borrow_mut().push(command.to_owned());
        if self.should_fail() {
            return 1;
        }
        let mut state = self.state.borrow_mut();
        match command {
            "enable" => drop(state.insert("enabled")),
            "disable" => drop(state.remove("enabled")),
            "stop" => state.retain(|w| !matches!(*w, "active" | "failed")),
            "start" | "restart" if self.start_succeeds.get() => drop(state.insert("active")),
            "start" | "restart" => {
                state.remove("active");
                state.insert("failed");
            }
            _ => {}
        }
        0
    }
}

impl SystemProbe for FakeSystem {
    fn instance_status(&self, socket: &Path) -> Result<InstanceStatus, String> {
        (self.respond)(socket)
    }

    fn create_private_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn address_conflict(&self, address: &str) -> Option<String> {
        let used = self.used_addresses.borrow();
        used.contains(address).then(|| "another process".to_owned())
    }

    fn is_inside(&self, _: &str) -> bool {
        self.inside.get()
    }

    fn lock(&self, _: &Records, _: &ServiceName) -> Result<Option<Lock>, Error> {
        Ok(None)
    }

    fn executable_replaced(&self, _: u32, _: &Path) -> Option<bool> {
        Some(self.executable_replaced.get())
    }
}

impl Runner for FakeSystem {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, _: Duration) -> ExecOutcome {
        if argv[0] == "id" {
            return ExecOutcome::NotFound;
        }
        let (code, stdout) = match argv[1].as_str() {
            "version" => (i32::from(!self.manager_available.get()), String::new()),
            "show" if self.manager_unresponsive.get() => return ExecOutcome::TimedOut,
            "show" => (0, self.show()),
            command => (self.change(command), String::new()),
        };
        ExecOutcome::Exited {
            code: Some(code),
            stdout,
            stderr: String::new(),
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
        if path == Path::new(UNIT) && self.should_fail() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.files
            .borrow_mut()
            .insert(path.to_owned(), (mode, bytes.to_vec()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        if path == Path::new(UNIT) && self.should_fail() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(self.files.borrow_mut().remove(path).is_some())
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        self.files
            .borrow()
            .get(path)
            .map_or(ProbeOutcome::NotFound, |(mode, _)| ProbeOutcome::Metadata {
                kind: FileKind::File,
                uid: self.file_owner.get(),
                mode: *mode,
            })
    }

    fn list(&self, path: &Path) -> ProbeOutcome {
        let files = self.files.borrow();
        let names: BTreeSet<String> = files
            .keys()
            .filter_map(|file| file.strip_prefix(path).ok())
            .filter_map(|rest| rest.iter().next())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        ProbeOutcome::Entries(names.into_iter().collect())
    }

    fn now(&self) -> Duration {
        self.clock.get()
    }

    fn sleep(&self, time: Duration) {
        self.clock.set(self.clock.get() + time);
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        Ok(())
    }
}
