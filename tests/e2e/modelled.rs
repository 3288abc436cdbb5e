//! The launchd backend over a model of launchd, with the real kt and real
//! gateways. **Everything here is modelled, not macOS**: it shows that kt copes
//! with what people have recorded of launchd, and nothing about a Mac.

use crate::harness::{CommandOutput, Sandbox, TestCommand, free_port, tool, wait_until, workspace};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What launchd waits, for tests: ThrottleInterval becomes half a second.
const SCALE: &str = "0.05";
const PATIENCE: Duration = Duration::from_secs(30);
const LABEL: &str = "dev.kt.gateway";
const POLICY: &str = "\
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
";

/// A modelled Mac on which somebody is logged in at the screen. Dropping it
/// ends the model with all that it started.
struct Mac {
    sandbox: Sandbox,
    ports: (u16, u16),
}

fn model() -> PathBuf {
    workspace().join("tests/models/launchd")
}

/// The model is made for Linux; a Mac has the real one.
fn available() -> bool {
    cfg!(target_os = "linux") && tool("python3").is_some()
}

impl Mac {
    /// `None` where the model cannot be, which it says.
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

    /// A version of macOS that answers otherwise, is slow to unload, and starts
    /// nothing when it loads it.
    fn awkward() -> Option<Self> {
        let mac = Self::new()?;
        for (setting, value) in [
            ("busy-code", "37"),
            ("bootout-code", "36"),
            ("kickstart-running-code", "37"),
            ("run-at-load", "off"),
            ("old-disabled-words", "on"),
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
        let folder = model();
        run.env("KT_MODEL_LAUNCHD", self.state())
            .env("KT_MODEL_LAUNCHD_SCALE", SCALE)
            .env("KT_PRETEND_OS", "macos")
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
    }

    fn kt(&self, line: &str) -> CommandOutput {
        self.run(self.sandbox.kt_line(line)).run()
    }

    fn model(&self, words: &[&str]) -> CommandOutput {
        let run = self.sandbox.program(&model().join("model-launchd"));
        self.run(run).args(words).run()
    }

    /// A verb for the agent.
    fn launchctl(&self, verb: &str) -> CommandOutput {
        let uid = rustix::process::geteuid().as_raw();
        let run = self.sandbox.program(&model().join("launchctl"));
        let words = [verb.to_owned(), format!("gui/{uid}/{LABEL}")];
        self.run(run).args(words).run()
    }

    /// Waits until launchd has this word for the agent.
    fn until_state(&self, state: &str) {
        self.model(&["wait", LABEL, state, "30"]).ok();
    }

    /// What the model knows of the agent; nothing when it is not loaded.
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
        // Without the assertions of a run: the test may have failed already.
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
    let pid = pid.and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
}

#[test]
fn the_model_itself_modelled_not_macos() {
    if !available() {
        return;
    }
    let sandbox = Sandbox::new();
    let ran = sandbox
        .program(Path::new("/bin/bash"))
        .arg(model().join("check.sh"))
        .limit(Duration::from_secs(180))
        .run();
    ran.ok().out_has("\nok (modelled, not macOS)\n");
}

#[test]
fn the_scenario_passes_on_modelled_launchd() {
    let Some(mac) = Mac::new() else { return };
    let plugin = mac.sandbox.dist().join("lib/kt/plugins/service-launchd");
    let run = mac
        .sandbox
        .kt_line("plugin test -o json --pretend-os macos");
    let ran = mac
        .run(run)
        .arg(plugin)
        .limit(Duration::from_secs(540))
        .run();
    let checks = ran.ok().at("/checks");
    let with = |result: &str| -> Vec<String> {
        let checks = checks.as_array().into_iter().flatten();
        let wanted = checks.filter(|check| check["result"] == result);
        wanted.map(|check| check["id"].to_string()).collect()
    };
    assert_eq!(with("failed"), Vec::<String>::new(), "{ran}");
    // launchd has no watchdog.
    assert_eq!(with("skipped"), ["\"hang\""], "{ran}");
    assert_eq!(with("passed").len(), 22, "{ran}");
    assert!(ran.text_at("/simulated").contains("not macos"));
    assert_eq!(mac.model(&["status"]).ok().at("/jobs"), json!({}));
    for folder in ["LaunchAgents", "Logs/kt"] {
        let left = fs::read_dir(mac.sandbox.root().join("home/Library").join(folder));
        assert_eq!(left.expect("it was made").count(), 0, "{folder}");
    }
}

#[test]
fn a_life_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    live(&mac);
}

#[test]
fn a_life_under_an_awkward_launchd_modelled_not_macos() {
    let Some(mac) = Mac::awkward() else { return };
    live(&mac);
}

fn live(mac: &Mac) {
    mac.kt("gateway status").exits(4);
    mac.install().ok().err_has("installed");
    let plist = fs::metadata(mac.plist()).expect("it is installed");
    assert_eq!(plist.permissions().mode() & 0o777, 0o644);
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.ok().text_at("/state"), "running");
    assert_eq!(status.text_at("/service/autostart"), "login");
    assert_eq!(status.at("/service/pid"), mac.job()["pid"]);

    let pid = mac.pid();
    mac.install().ok().err_has("unchanged");
    assert_eq!(mac.pid(), pid);

    kill(&pid);
    mac.kt("gateway status --wait ready --timeout 30s").ok();
    let status = mac.kt("gateway status -o json");
    assert_ne!(status.at("/service/pid"), pid);
    assert_eq!(status.text_at("/service/last_exit/signal"), "KILL");

    mac.kt("gateway stop").ok();
    mac.kt("gateway status").exits(3);
    assert_eq!(mac.job()["state"], "not running", "it stays loaded");
    mac.kt("gateway stop").ok().err_has("already stopped");
    mac.kt("gateway start").ok();
    mac.kt("gateway start").ok().err_has("already running");
    let pid = mac.pid();
    mac.kt("gateway restart").ok();
    assert_ne!(mac.pid(), pid);

    // Somebody else unloads it, for good.
    let out = mac.launchctl("bootout");
    assert!(matches!(out.code(), Some(0 | 36)), "{out}");
    mac.launchctl("disable").ok();
    mac.kt("gateway start").ok();
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.ok().at("/service/enabled"), json!(true));

    mac.kt("gateway uninstall").ok();
    mac.kt("gateway status").exits(4);
    assert!(!mac.plist().exists());
    assert_eq!(mac.job(), Value::Null);
    mac.kt("gateway uninstall").ok().err_has("nothing to do");
}

/// Between two tries there is no process to ask.
#[test]
fn a_stop_in_a_crash_loop_is_final_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let pid = mac.pid();
    // The next try is far away.
    mac.model(&["set", "scale", "100"]).ok();
    kill(&pid);
    mac.until_state("spawn scheduled");
    let status = mac.kt("gateway status -o json");
    assert_eq!(
        status.exits(150).text_at("/service/active_state"),
        "restarting"
    );
    mac.kt("gateway stop").ok().err_has("stopped");
    assert_eq!(mac.job(), Value::Null, "launchd would start it again");
    mac.kt("gateway status").exits(3);
    mac.kt("gateway start").ok();
    mac.kt("gateway status").ok();
}

#[test]
fn what_cannot_work_is_parked_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let pid = mac.pid();
    assert_eq!(mac.job()["runs"], 1);
    let settings = mac.sandbox.write_settings("this is no [ TOML\n");
    kill(&pid);
    let parked = mac.sandbox.home().join("state/service/default/parked.json");
    wait_until("the reason", PATIENCE, || parked.is_file().then_some(()));
    // Nothing is scheduled: that would be another word.
    mac.until_state("not running");
    let job = mac.job();
    assert_eq!(
        (&job["last"], &job["runs"]),
        (&json!(["code", 0]), &json!(2))
    );
    // With settings that can be read again it would come up if it were tried.
    fs::remove_file(settings).expect("it is ours");
    let status = mac.kt("gateway status -o json");
    assert_eq!(status.exits(1).text_at("/state"), "parked");
    assert_eq!(status.text_at("/problems/0/code"), "parked");
    mac.until_state("not running");
    assert_eq!(mac.job()["runs"], 2, "it was tried once");
    mac.kt("gateway start").ok();
    mac.kt("gateway status").ok();
    assert!(!parked.exists());
}

#[test]
fn without_a_session_nothing_is_installed_modelled_not_macos() {
    let Some(mac) = Mac::new() else { return };
    mac.model(&["logout"]).ok();
    mac.install().exits(7).err_has("log in at the screen");
    assert!(!mac.plist().exists());
    mac.model(&["login"]).ok();
    mac.install().ok();
    mac.model(&["logout"]).ok();
    mac.kt("gateway status").exits(4);
    // An agent comes back with the next login.
    mac.model(&["login"]).ok();
    mac.kt("gateway status --wait ready --timeout 30s").ok();
    mac.model(&["logout"]).ok();
    mac.kt("gateway uninstall").exits(7);
    assert!(mac.plist().exists());
    mac.kt("gateway uninstall --force").ok();
    assert!(!mac.plist().exists());
}

#[test]
fn a_log_is_followed_for_as_long_as_it_can_be_shown() {
    let Some(mac) = Mac::new() else { return };
    mac.install().ok();
    let lines = || mac.kt("gateway logs").ok().stdout.lines().count();
    wait_until("a log", PATIENCE, || (lines() > 0).then_some(()));
    let follow = || mac.run(mac.sandbox.kt_line("gateway logs --follow"));
    let (reader, writer) = std::io::pipe().expect("the system has pipes");
    drop(reader);
    let ran = follow().stdout_to(writer).run();
    assert_eq!(ran.ok().stderr, "", "{ran}");
    let full = fs::File::options().write(true).open("/dev/full");
    let ran = follow().stdout_to(full.expect("Linux has it")).run();
    ran.exits(7).err_has("cannot write to standard output");
    mac.kt("gateway uninstall").ok();
}
