//! The launchd backend over a model of launchd, with the real kt and real gateways.
//! **All of this is modelled, not macOS**: it verifies kt against the reported
//! behavior of launchd, not on a Mac.

use crate::harness::{
    CommandOutput, Sandbox, TIMEOUT, TestCommand, free_port, tool, wait_until, workspace,
};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Factor of launchd's timeouts: ThrottleInterval is half a second.
const SCALE: &str = "0.05";
const LABEL: &str = "dev.kt.gateway";
const POLICY: &str = "\
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
";

/// A modelled Mac with a graphical session. Drop stops the model and all its
/// processes.
struct Mac {
    sandbox: Sandbox,
    ports: (u16, u16),
}

fn model() -> PathBuf {
    workspace().join("tests/models/launchd")
}

/// The model requires Linux.
fn available() -> bool {
    cfg!(target_os = "linux") && tool("python3").is_some()
}

impl Mac {
    /// `None` if the model is not available.
    fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let mac = Self {
            sandbox: Sandbox::new(),
            ports: (free_port(), free_port()),
        };
        mac.sandbox.write("policy.yaml", POLICY);
        mac.model(&["login"]).ok();
        mac.kt("gateway create --name life --file policy.yaml").ok();
        Some(mac)
    }

    /// A version of macOS with other exit codes, which unloads slowly and does not
    /// start agents when it loads them.
    fn other_version() -> Option<Self> {
        let mac = Self::new()?;
        for (setting, value) in [
            ("busy-code", "37"),
            ("bootout-code", "36"),
            ("kickstart-running-code", "37"),
            ("run-at-load", "off"),
            ("old-disabled-format", "on"),
            ("draining", "1"),
        ] {
            mac.model(&["set", setting, value]).ok();
        }
        Some(mac)
    }

    fn state(&self) -> PathBuf {
        self.sandbox.root().join("model")
    }

    fn run(&self, run: TestCommand) -> TestCommand {
        let dir = model();
        run.env("KT_MODEL_LAUNCHD", self.state())
            .env("KT_MODEL_LAUNCHD_SCALE", SCALE)
            .env("KT_PRETEND_OS", "macos")
            .env("PATH", format!("{}:/usr/bin:/bin", dir.display()))
    }

    fn kt(&self, line: &str) -> CommandOutput {
        self.run(self.sandbox.kt_line(line)).run()
    }

    fn model(&self, args: &[&str]) -> CommandOutput {
        let run = self.sandbox.program(&model().join("model-launchd"));
        self.run(run).args(args).run()
    }

    /// Calls a verb of launchctl for the agent.
    fn launchctl(&self, verb: &str) -> CommandOutput {
        let uid = rustix::process::geteuid().as_raw();
        let run = self.sandbox.program(&model().join("launchctl"));
        let args = [verb.to_owned(), format!("gui/{uid}/{LABEL}")];
        self.run(run).args(args).run()
    }

    /// Waits for a state of the agent.
    fn await_state(&self, state: &str) {
        self.model(&["wait", LABEL, state, "30"]).ok();
    }

    /// Returns the state of the agent in the model; null if it is not loaded.
    fn job(&self) -> Value {
        self.model(&["status"]).ok().at("/jobs")[LABEL].clone()
    }

    fn install(&self) -> CommandOutput {
        let kt = self.sandbox.dist().join("bin/kt");
        let (listen, admin) = self.ports;
        self.kt(&format!(
            "gateway install --id life --backend launchd --executable {} --listen 127.0.0.1:{listen} --admin-listen 127.0.0.1:{admin}",
            kt.display()
        ))
    }

    fn pid(&self) -> Value {
        self.kt("gateway status -o json").ok().at("/service/pid")
    }

    fn plist(&self) -> PathBuf {
        let file = format!("home/Library/LaunchAgents/{LABEL}.plist");
        self.sandbox.root().join(file)
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        // Without assertions, since the test may have failed.
        let stopped = Command::new(model().join("model-launchd"))
            .arg("stop")
            .env("KT_MODEL_LAUNCHD", self.state())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        drop(stopped);
    }
}

fn kill(pid: &Value) {
    let pid = pid.as_i64().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid
        .and_then(rustix::process::Pid::from_raw)
        .expect("the process id is positive");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL)
        .expect("the process is running");
}

#[test]
fn the_model_passes_its_own_tests() {
    if !available() {
        return;
    }
    let sandbox = Sandbox::new();
    let output = sandbox
        .program(Path::new("/bin/bash"))
        .arg(model().join("check.sh"))
        .limit(Duration::from_secs(180))
        .run();
    output.ok().stdout_contains("\nok (modelled, not macOS)\n");
}

#[test]
fn the_conformance_tests_pass_on_modelled_launchd() {
    let Some(mac) = Mac::new() else { return };
    let plugin = mac.sandbox.dist().join("lib/kt/plugins/service-launchd");
    let run = mac
        .sandbox
        .kt_line("plugin test -o json --pretend-os macos");
    let output = mac
        .run(run)
        .arg(plugin)
        .limit(Duration::from_secs(540))
        .run();
    let checks = output.ok().at("/checks");
    let with = |result: &str| -> Vec<String> {
        let checks = checks.as_array().into_iter().flatten();
        let matching = checks.filter(|check| check["result"] == result);
        matching.map(|check| check["id"].to_string()).collect()
    };
    assert_eq!(with("failed"), Vec::<String>::new(), "{output}");
    // launchd has no watchdog.
    assert_eq!(with("skipped"), ["\"hang\""], "{output}");
    assert_eq!(with("passed").len(), 22, "{output}");
    assert!(output.text_at("/simulated").contains("not macos"));
    assert_eq!(mac.model(&["status"]).ok().at("/jobs"), json!({}));
    for folder in ["LaunchAgents", "Logs/kt"] {
        let left = fs::read_dir(mac.sandbox.root().join("home/Library").join(folder));
        assert_eq!(left.expect("the directory exists").count(), 0, "{folder}");
    }
}

#[test]
fn a_lifecycle_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    lifecycle(&mac);
}

#[test]
fn a_lifecycle_on_another_version_modelled_not_macos() {
    let Some(mac) = Mac::other_version() else {
        return;
    };
    lifecycle(&mac);
}

fn lifecycle(mac: &Mac) {
    mac.kt("gateway status").exits(4);
    mac.install().ok().stderr_contains("installed");
    let plist = fs::metadata(mac.plist()).expect("the file exists");
    assert_eq!(plist.permissions().mode() & 0o777, 0o644);
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.ok().text_at("/state"), "running");
    assert_eq!(status.text_at("/service/autostart"), "login");
    assert_eq!(status.at("/service/pid"), mac.job()["pid"]);

    let pid = mac.pid();
    mac.install().ok().stderr_contains("unchanged");
    assert_eq!(mac.pid(), pid);

    kill(&pid);
    mac.kt("gateway status --wait ready --timeout 30s").ok();
    let status = mac.kt("gateway status -o json");
    assert_ne!(status.at("/service/pid"), pid);
    assert_eq!(status.text_at("/service/last_exit/signal"), "KILL");

    mac.kt("gateway stop").ok();
    mac.kt("gateway status").exits(3);
    assert_eq!(mac.job()["state"], "not running", "it remains loaded");
    mac.kt("gateway stop")
        .ok()
        .stderr_contains("already stopped");
    mac.kt("gateway start").ok();
    mac.kt("gateway start")
        .ok()
        .stderr_contains("already running");
    let pid = mac.pid();
    mac.kt("gateway restart").ok();
    assert_ne!(mac.pid(), pid);

    // The user unloads and disables it.
    let bootout = mac.launchctl("bootout");
    assert!(matches!(bootout.code(), Some(0 | 36)), "{bootout}");
    mac.launchctl("disable").ok();
    mac.kt("gateway start").ok();
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.ok().at("/service/enabled"), json!(true));

    mac.kt("gateway uninstall").ok();
    mac.kt("gateway status").exits(4);
    assert!(!mac.plist().exists());
    assert_eq!(mac.job(), Value::Null);
    mac.kt("gateway uninstall")
        .ok()
        .stderr_contains("nothing to do");
}

/// Between two restarts there is no process that could be terminated.
#[test]
fn a_stop_in_a_crash_loop_is_final_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let pid = mac.pid();
    // The next restart is far in the future.
    mac.model(&["set", "scale", "100"]).ok();
    kill(&pid);
    mac.await_state("spawn scheduled");
    let status = mac.kt("gateway status -o json");
    assert_eq!(
        status.exits(150).text_at("/service/active_state"),
        "restarting"
    );
    mac.kt("gateway stop").ok().stderr_contains("stopped");
    assert_eq!(mac.job(), Value::Null, "launchd would restart it");
    mac.kt("gateway status").exits(3);
    mac.kt("gateway start").ok();
    mac.kt("gateway status").ok();
}

#[test]
fn a_permanent_failure_parks_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let pid = mac.pid();
    assert_eq!(mac.job()["runs"], 1);
    let settings = mac.sandbox.write_settings("not [ TOML\n");
    kill(&pid);
    let parked = mac.sandbox.home().join("state/service/default/parked.json");
    wait_until("the reason of the parking", TIMEOUT, || {
        parked.is_file().then_some(())
    });
    // No restart is scheduled: that would be another state.
    mac.await_state("not running");
    let job = mac.job();
    assert_eq!(
        (&job["last"], &job["runs"]),
        (&json!(["code", 0]), &json!(2))
    );
    // With valid settings a restart would succeed.
    fs::remove_file(settings).expect("the file exists");
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.exits(1).text_at("/state"), "parked");
    assert_eq!(status.text_at("/problems/0/code"), "parked");
    mac.await_state("not running");
    assert_eq!(mac.job()["runs"], 2, "it was started once");
    mac.kt("gateway start").ok();
    mac.kt("gateway status").ok();
    assert!(!parked.exists());
}

#[test]
fn without_a_session_nothing_is_installed_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.model(&["logout"]).ok();
    mac.install()
        .exits(7)
        .stderr_contains("log in at the screen");
    assert!(!mac.plist().exists());
    mac.model(&["login"]).ok();
    mac.install().ok();
    mac.model(&["logout"]).ok();
    mac.kt("gateway status").exits(4);
    // The next login starts the agent.
    mac.model(&["login"]).ok();
    mac.kt("gateway status --wait ready --timeout 30s").ok();
    mac.model(&["logout"]).ok();
    mac.kt("gateway uninstall").exits(7);
    assert!(mac.plist().exists());
    mac.kt("gateway uninstall --force").ok();
    assert!(!mac.plist().exists());
}

#[test]
fn a_log_is_followed_until_standard_output_is_closed() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let lines = || mac.kt("gateway logs").ok().stdout.lines().count();
    wait_until("a log", TIMEOUT, || (lines() > 0).then_some(()));
    let follow = || mac.run(mac.sandbox.kt_line("gateway logs --follow"));
    let (reader, writer) = std::io::pipe().expect("a pipe can be created");
    drop(reader);
    let output = follow().stdout_to(writer).run();
    assert_eq!(output.ok().stderr, "", "{output}");
    let full = fs::File::options().write(true).open("/dev/full");
    let output = follow().stdout_to(full.expect("/dev/full exists")).run();
    output
        .exits(7)
        .stderr_contains("cannot write to standard output");
    mac.kt("gateway uninstall").ok();
}
