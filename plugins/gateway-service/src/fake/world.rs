//! The machine in memory, with the toy service manager on it.

use super::{UNIT, ready};
use crate::control::InstanceStatus;
use crate::desk::Surroundings;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome, ServiceName};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Mode and bytes of each file.
pub(crate) type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// Asks the gateway.
type Answers = Box<dyn Fn(&Path) -> Result<InstanceStatus, String>>;

/// Everything that a test can see and spoil.
pub(crate) struct World {
    pub(crate) files: RefCell<Files>,
    /// `enabled`, `active`, `failed`.
    pub(crate) state: RefCell<BTreeSet<&'static str>>,
    /// Every verb that was run, looks left out.
    pub(crate) verbs: RefCell<Vec<String>>,
    /// The number of the change (verb or file of the unit) that fails, from 1.
    pub(crate) fails_at: Cell<Option<usize>>,
    changes: Cell<usize>,
    /// What `start` leads to.
    pub(crate) starts: Cell<bool>,
    pub(crate) supervisor: Cell<bool>,
    /// Addresses on which somebody else listens.
    pub(crate) taken: RefCell<BTreeSet<String>>,
    /// The process runs inside the service.
    pub(crate) inside: Cell<bool>,
    /// The service runs an older kt.
    pub(crate) replaced: Cell<bool>,
    /// The service manager does not say how services stand.
    pub(crate) silent: Cell<bool>,
    /// Who owns the files.
    pub(crate) owner: Cell<u32>,
    clock: Cell<Duration>,
    answers: Answers,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::answering(|_| Ok(ready()))
    }

    pub(crate) fn answering(
        answers: impl Fn(&Path) -> Result<InstanceStatus, String> + 'static,
    ) -> Self {
        Self {
            files: RefCell::default(),
            state: RefCell::default(),
            verbs: RefCell::default(),
            fails_at: Cell::new(None),
            changes: Cell::new(0),
            starts: Cell::new(true),
            supervisor: Cell::new(true),
            taken: RefCell::default(),
            inside: Cell::new(false),
            replaced: Cell::new(false),
            silent: Cell::new(false),
            owner: Cell::new(0),
            clock: Cell::default(),
            answers: Box::new(answers),
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

    /// Everything but the verbs: what a person would find.
    pub(crate) fn snapshot(&self) -> (Files, BTreeSet<&'static str>) {
        (self.files.borrow().clone(), self.state.borrow().clone())
    }

    /// Forgets what was done; the next change is the first.
    pub(crate) fn forget(&self) {
        self.verbs.borrow_mut().clear();
        self.changes.set(0);
    }

    fn fails_now(&self) -> bool {
        self.changes.set(self.changes.get() + 1);
        self.fails_at.get() == Some(self.changes.get())
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

    fn change(&self, verb: &str) -> i32 {
        self.verbs.borrow_mut().push(verb.to_owned());
        if self.fails_now() {
            return 1;
        }
        let mut state = self.state.borrow_mut();
        match verb {
            "enable" => drop(state.insert("enabled")),
            "disable" => drop(state.remove("enabled")),
            "stop" => state.retain(|w| !matches!(*w, "active" | "failed")),
            "start" | "restart" if self.starts.get() => drop(state.insert("active")),
            "start" | "restart" => {
                state.remove("active");
                state.insert("failed");
            }
            _ => {}
        }
        0
    }
}

impl Surroundings for World {
    fn ask(&self, socket: &Path) -> Result<InstanceStatus, String> {
        (self.answers)(socket)
    }

    fn make_private_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn occupied(&self, address: &str) -> Option<String> {
        let taken = self.taken.borrow();
        taken.contains(address).then(|| "somebody".to_owned())
    }

    fn inside(&self, _: &str) -> bool {
        self.inside.get()
    }

    fn lock(&self, _: &Records, _: &ServiceName) -> Result<Option<Lock>, Error> {
        Ok(None)
    }

    fn replaced(&self, _: u32, _: &Path) -> Option<bool> {
        Some(self.replaced.get())
    }
}

impl Runner for World {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, _: Duration) -> ExecOutcome {
        if argv[0] == "id" {
            return ExecOutcome::NotFound;
        }
        let (code, stdout) = match argv[1].as_str() {
            "version" => (i32::from(!self.supervisor.get()), String::new()),
            "show" if self.silent.get() => return ExecOutcome::TimedOut,
            "show" => (0, self.show()),
            verb => (self.change(verb), String::new()),
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
        if path == Path::new(UNIT) && self.fails_now() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.files
            .borrow_mut()
            .insert(path.to_owned(), (mode, bytes.to_vec()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        if path == Path::new(UNIT) && self.fails_now() {
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
                uid: self.owner.get(),
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
