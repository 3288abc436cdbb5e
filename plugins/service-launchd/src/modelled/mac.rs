//! A modelled Mac with one agent, and the runner of its plans.

use crate::backend::Launchd;
use crate::property_list::tests::spec;
use kt_plugin_api::service::execute::{AppliedPlan, ExecOutcome, Runner, apply, run_probes};
use kt_plugin_api::service::{
    Action, ActiveState, DetectRequest, Detection, FileKind, InspectRequest, InspectTarget,
    ObserveRequest, Plan, ProbeOutcome, RenderOptions, RenderRequest, ServiceBackend, ServiceSpec,
    ServiceStatus, SystemInfo,
};
use kt_plugin_api::{Class, Error};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Factor of all times, for the model and for the sleeps of plans.
pub(super) const SCALE: f64 = 0.02;
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/models/launchd");
pub(super) const LABEL: &str = "dev.kt.gateway";
/// An agent that executes `agent.term` on SIGTERM, and creates a file with its
/// process id when it is ready for signals.
const AGENT: &str = "#!/bin/sh
trap '. \"$0.term\"' TERM
: > \"$0.$$\"
while :; do sleep 1000 & wait $!; done
";

pub(super) struct Mac {
    dir: TempDir,
    /// Advances with sleeps only, so that slow calls do not exhaust retries.
    clock: Cell<Duration>,
    /// Number of checks until the plan is cancelled.
    cancel_after: Cell<Option<u32>>,
    calls: RefCell<Vec<String>>,
}

impl Mac {
    /// `None` if the model is not available: it requires Linux and Python.
    pub(super) fn new() -> Option<Self> {
        let python = Command::new("python3").arg("-V").output();
        if !cfg!(target_os = "linux") || python.is_err() {
            println!("skipped: the model of launchd requires Linux and python3");
            return None;
        }
        let mac = Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Cell::default(),
            cancel_after: Cell::default(),
            calls: RefCell::default(),
        };
        fs::write(mac.path("agent"), AGENT).unwrap();
        fs::set_permissions(mac.path("agent"), fs::Permissions::from_mode(0o755)).unwrap();
        mac.on_sigterm("exit 0");
        assert!(
            mac.program("model-launchd")
                .arg("login")
                .status()
                .unwrap()
                .success()
        );
        Some(mac)
    }

    /// A Mac with a running agent.
    pub(super) fn installed() -> Option<Self> {
        let mac = Self::new()?;
        mac.act(Action::Install).unwrap();
        assert_eq!(mac.active_state(), ActiveState::Active);
        mac.calls.borrow_mut().clear();
        Some(mac)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn plist(&self) -> PathBuf {
        self.path(&format!("Library/LaunchAgents/{LABEL}.plist"))
    }

    fn uid(&self) -> u32 {
        fs::metadata(self.dir.path()).unwrap().uid()
    }

    fn system(&self) -> SystemInfo {
        SystemInfo {
            os: "macos".to_owned(),
            uid: self.uid(),
            home: self.dir.path().to_owned(),
            ..SystemInfo::default()
        }
    }

    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            exec: vec![self.path("agent").display().to_string()],
            stderr_file: Some(self.path("agent.log")),
            ..spec()
        }
    }

    /// Sets the shell commands that the agent executes on SIGTERM.
    pub(super) fn on_sigterm(&self, commands: &str) {
        fs::write(self.path("agent.term"), commands).unwrap();
    }

    fn program(&self, name: &str) -> Command {
        // The programs of the model replace those of macOS.
        let modelled = Path::new(MODEL).join(name);
        let path = if modelled.exists() {
            modelled
        } else {
            name.into()
        };
        let mut command = Command::new(path);
        command
            .env("HOME", self.dir.path())
            .env("KT_MODEL_LAUNCHD", self.path("model"))
            .env("KT_MODEL_LAUNCHD_SCALE", SCALE.to_string())
            .stdin(Stdio::null());
        command
    }

    fn request(&self, program: &str, args: &[&str]) -> ExecOutcome {
        let mut socket = UnixStream::connect(self.path("model/socket")).unwrap();
        let request = json!({ "program": program, "args": args, "cwd": "/" });
        writeln!(socket, "{request}").unwrap();
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).unwrap();
        let response: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| response[key].as_str().unwrap().to_owned();
        ExecOutcome::Exited {
            code: response["code"].as_i64().and_then(|c| c.try_into().ok()),
            stdout: text("stdout"),
            stderr: text("stderr"),
        }
    }

    /// Changes the model, as `model-launchd ARGS` does.
    pub(super) fn model(&self, args: &str) {
        let words: Vec<&str> = args.split(' ').collect();
        let outcome = self.request("model-launchd", &words);
        assert!(
            matches!(outcome, ExecOutcome::Exited { code: Some(0), .. }),
            "{args}: {outcome:?}"
        );
    }

    /// Calls `launchctl VERB` for the agent.
    pub(super) fn launchctl(&self, verb: &str) {
        self.request("launchctl", &[verb, &format!("gui/{}/{LABEL}", self.uid())]);
    }

    pub(super) fn await_state(&self, state: &str) {
        let args = ["wait", LABEL, state, "30"];
        let outcome = self.request("model-launchd", &args);
        assert!(
            matches!(outcome, ExecOutcome::Exited { code: Some(0), .. }),
            "{outcome:?}"
        );
    }

    /// Sends a signal to the agent's process.
    pub(super) fn signal(&self, signal: &str) {
        let pid = self.observe().pid.unwrap().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Edits the file, so that `minimum runtime` shows which one is loaded.
    pub(super) fn edit_plist(&self) {
        let text = fs::read_to_string(self.plist()).unwrap();
        let edited = text.replace("<integer>10</integer>", "<integer>11</integer>");
        assert_ne!(text, edited);
        fs::write(self.plist(), edited).unwrap();
    }

    pub(super) fn edited_plist_is_loaded(&self) -> bool {
        self.observe().properties["minimum runtime"] == "11"
    }

    pub(super) fn calls(&self, prefix: &str) -> usize {
        let calls = self.calls.borrow();
        calls.iter().filter(|call| call.starts_with(prefix)).count()
    }

    pub(super) fn cancel_after(&self, checks: u32) {
        self.cancel_after.set(Some(checks));
    }

    pub(super) fn detect(&self) -> Detection {
        let request = InspectRequest {
            target: InspectTarget::Supervisor,
            system: self.system(),
        };
        let results = run_probes(self, &Launchd.inspect(&request).unwrap());
        let system = self.system();
        Launchd.detect(&DetectRequest { system, results }).unwrap()
    }

    /// The status, once a running agent is ready for signals.
    pub(super) fn observe(&self) -> ServiceStatus {
        let ServiceSpec { family, name, .. } = self.spec();
        let target = InspectTarget::Service {
            family: family.clone(),
            name: name.clone(),
        };
        let system = self.system();
        let probes = Launchd.inspect(&InspectRequest { target, system }).unwrap();
        let request = ObserveRequest {
            family,
            name,
            system: self.system(),
            results: run_probes(self, &probes),
            spec: None,
        };
        let status = Launchd.observe(&request).unwrap();
        if let Some(pid) = status
            .pid
            .filter(|_| status.active_state == ActiveState::Active)
        {
            let start = Instant::now();
            while !self.path(&format!("agent.{pid}")).exists() {
                assert!(
                    start.elapsed() < Duration::from_secs(30),
                    "the agent is not ready"
                );
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        status
    }

    pub(super) fn active_state(&self) -> ActiveState {
        self.observe().active_state
    }

    pub(super) fn plan(&self, action: Action, options: RenderOptions) -> Plan {
        let request = RenderRequest {
            action,
            spec: self.spec(),
            system: self.system(),
            status: Some(self.observe()),
            options,
        };
        Launchd.render(&request).unwrap()
    }

    /// Applies an action, and reverts it if it fails. Returns the failed step and
    /// the failures of the rollback.
    pub(super) fn act(&self, action: Action) -> Result<AppliedPlan, (String, Vec<String>)> {
        self.act_with(action, RenderOptions::default())
    }

    pub(super) fn act_with(
        &self,
        action: Action,
        options: RenderOptions,
    ) -> Result<AppliedPlan, (String, Vec<String>)> {
        apply(self, &self.plan(action, options))
            .map_err(|error| (error.step.id, error.undo_log.undo(self)))
    }
}

fn exited(failed: bool) -> ExecOutcome {
    ExecOutcome::Exited {
        code: Some(failed.into()),
        stdout: String::new(),
        stderr: String::new(),
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        drop(self.program("model-launchd").arg("stop").status());
    }
}

impl Runner for Mac {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, _: Duration) -> ExecOutcome {
        let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        self.calls.borrow_mut().push(args.join(" "));
        match (&*argv[0], &args[..]) {
            ("launchctl", _) => return self.request("launchctl", &args),
            // The same without a process for each poll.
            ("/bin/kill", ["-0", pid]) => return exited(!Path::new("/proc").join(pid).exists()),
            ("plutil", _) => return ExecOutcome::NotFound,
            _ => {}
        }
        let output = self.program(&argv[0]).args(args).output().unwrap();
        ExecOutcome::Exited {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result.map(Some),
        }
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(path, bytes)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            result => result.map(|()| true),
        }
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        fs::symlink_metadata(path).map_or(ProbeOutcome::NotFound, |metadata| {
            ProbeOutcome::Metadata {
                kind: FileKind::File,
                uid: metadata.uid(),
                mode: metadata.mode() & 0o7777,
            }
        })
    }

    fn list(&self, _: &Path) -> ProbeOutcome {
        ProbeOutcome::NotFound
    }

    fn now(&self) -> Duration {
        self.clock.get()
    }

    fn sleep(&self, duration: Duration) {
        self.clock.set(self.clock.get() + duration);
        std::thread::sleep(duration.mul_f64(SCALE));
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        match self.cancel_after.get() {
            Some(0) => {
                self.cancel_after.set(None);
                Err(Error::new(Class::Interrupted, "interrupted", "interrupted"))
            }
            checks => {
                self.cancel_after.set(checks.map(|checks| checks - 1));
                Ok(())
            }
        }
    }
}
