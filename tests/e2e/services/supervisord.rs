//! A service backend in Python, with a real supervisord: kt, the gateway and the service
//! manager are those that a user has, in directories of the test.

use crate::harness::{
    Background, CommandOutput, Sandbox, TIMEOUT, TestCommand, files_below, free_port, tool_at,
    wait_until, workspace,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PLUGIN: &str = "tests/plugins/service-supervisord";
const CONFIG: &str = "\
[supervisord]
logfile = %(here)s/supervisord.log
pidfile = %(here)s/supervisord.pid
[unix_http_server]
file = %(here)s/supervisord.sock
[supervisorctl]
serverurl = unix://%(here)s/supervisord.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files = conf.d/*.conf
";
const POLICY: &str = "\
pack: {name: life, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
";
/// The limit of the conformance tests, which start some hundred processes of supervisorctl.
const CONFORMANCE_LIMIT: Duration = Duration::from_secs(580);

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The user's supervisord, and a kt of the user with the plugin.
struct Supervisord {
    sandbox: Sandbox,
    /// The folder of supervisord's programs.
    bin: PathBuf,
    process: Option<Background>,
    port: u16,
}

impl Supervisord {
    /// Installs the plugin, if the tests have a supervisord. It is not started.
    fn new() -> Option<Self> {
        let ctl = tool_at(&workspace().join("target/test-venv/bin/supervisorctl"))?;
        let world = Self {
            sandbox: Sandbox::with_own_dist(),
            bin: ctl.parent()?.to_owned(),
            process: None,
            port: free_port(),
        };
        let plugin = workspace().join(PLUGIN);
        world.kt("plugin install --yes").arg(plugin).run().ok();
        Some(world)
    }

    fn dir(&self) -> PathBuf {
        self.sandbox.root().join("xdg/config/supervisor")
    }

    fn with_path(&self, command: TestCommand) -> TestCommand {
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
    }

    fn kt(&self, line: &str) -> TestCommand {
        self.with_path(self.sandbox.kt_line(line))
    }

    /// Runs `kt gateway …`.
    fn gateway(&self, line: &str) -> CommandOutput {
        self.kt(&format!("gateway {line}")).run()
    }

    /// Runs `kt gateway install` for the installed kt, whose path is a temporary one here.
    fn install(&self, line: &str) -> CommandOutput {
        let (exe, port) = (self.sandbox.dist().join("bin/kt"), self.port);
        let line = format!("gateway install {line} --listen 127.0.0.1:{port} --executable");
        self.kt(&line).arg(exe).run()
    }

    fn program(&self, name: &str) -> TestCommand {
        let command = self.sandbox.program(&self.bin.join(name));
        self.with_path(command)
            .arg("-c")
            .arg(self.dir().join("supervisord.conf"))
    }

    fn ctl(&self, line: &str) -> CommandOutput {
        self.program("supervisorctl")
            .args(line.split_whitespace())
            .run()
    }

    fn start(&mut self) {
        fs::create_dir_all(self.dir().join("conf.d")).expect("the sandbox is writable");
        fs::write(self.dir().join("supervisord.conf"), CONFIG).expect("the sandbox is writable");
        // Services must not get the variables of supervisord.
        let command = self.program("supervisord").arg("-n").env("KT_LEAK", "1");
        self.process = Some(command.spawn());
        let responds = || (self.ctl("version").code() == Some(0)).then_some(());
        wait_until("supervisord responds", TIMEOUT, responds);
    }

    /// Stops supervisord, which stops its programs.
    fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(Signal::TERM);
            process.wait(TIMEOUT).ok();
        }
    }

    fn pid(&self) -> String {
        self.ctl("pid kt-gateway").stdout.trim().to_owned()
    }

    fn variables(&self) -> Vec<String> {
        let path = format!("/proc/{}/environ", self.pid());
        let bytes = fs::read(path).expect("the gateway is running");
        let variables = bytes.split(|&b| b == 0);
        variables
            .map(|v| String::from_utf8_lossy(v).into_owned())
            .collect()
    }

    /// The files and programs of services.
    fn traces(&self) -> Vec<String> {
        let mut traces: Vec<String> = self
            .ctl("avail")
            .stdout
            .lines()
            .map(str::to_owned)
            .collect();
        for folder in [
            self.dir().join("conf.d"),
            self.sandbox.root().join("home/.local/share/supervisor"),
        ] {
            let files = if folder.exists() {
                files_below(&folder, &[])
            } else {
                Vec::new()
            };
            traces.extend(files.iter().map(|f| f.display().to_string()));
        }
        traces
    }

    fn edit(&self, file: &Path, line: &str) {
        let text = fs::read_to_string(file).expect("the file exists");
        fs::write(file, format!("{text}{line}\n")).expect("the file is writable");
    }
}

impl Drop for Supervisord {
    fn drop(&mut self) {
        // Without it the gateways would survive a failed test.
        if let Some(process) = self.process.as_mut().filter(|_| std::thread::panicking()) {
            process.signal(Signal::TERM);
            let end = Instant::now() + 2 * TIMEOUT;
            while process.is_running() && Instant::now() < end {
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }
}

fn kill(pid: &str) {
    let pid = pid.parse().ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process ID"), Signal::KILL).expect("the process is ours");
}

#[test]
fn a_backend_in_python_manages_a_real_supervisord() {
    let Some(mut world) = Supervisord::new() else {
        return;
    };
    world.sandbox.write("policy.yaml", POLICY);
    world.gateway("create --name life --file policy.yaml").ok();
    // Without a supervisord nothing is installed.
    world
        .install("--id life --backend supervisord")
        .exits(7)
        .stderr_contains("supervisord.conf`");
    world.gateway("status").exits(4);

    world.start();
    world.gateway("start").exits(5);
    world
        .install("--id life --backend supervisord --print")
        .ok()
        .stdout_contains("[program:kt-gateway]")
        .stdout_contains("supervisorctl");
    assert!(world.traces().is_empty(), "{:?}", world.traces());

    installed(&world);
    stopped_and_started(&world);
    parked(&world);
    edited(&world);
    rolled_back(&world);

    // As after a reboot.
    world.stop();
    world.gateway("status").exits(4);
    world.gateway("start").exits(7);
    world.start();
    world.gateway("status --wait ready --timeout 30s").ok();

    world.gateway("uninstall").ok();
    assert!(world.traces().is_empty(), "{:?}", world.traces());
    world
        .gateway("uninstall")
        .ok()
        .stderr_contains("nothing to do");
    world.stop();
}

#[test]
fn several_services_are_changed_by_one_command() {
    let Some(mut world) = Supervisord::new() else {
        return;
    };
    world.start();
    world.sandbox.write("policy.yaml", POLICY);
    for service in ["one", "two"] {
        world.port = free_port();
        world
            .gateway(&format!("create --name of-{service} --file policy.yaml"))
            .ok();
        let line = format!("--id of-{service} --service-name {service} --backend supervisord");
        world.install(&line).ok();
    }
    // All names are checked before anything is done.
    world.gateway("stop one absent").exits(5);
    world.gateway("status one").ok();

    let stopped = world.gateway("stop one of-two -o json");
    for (index, service) in ["one", "two"].into_iter().enumerate() {
        assert_eq!(stopped.ok().text_at(&format!("/{index}/service")), service);
        assert_eq!(stopped.text_at(&format!("/{index}/result")), "stopped");
        world.gateway(&format!("status {service}")).exits(3);
    }
    world.gateway("start two").ok();
    world
        .gateway("start one two")
        .ok()
        .stderr_contains("service `one` started")
        .stderr_contains("service `two` already running");
    world
        .gateway("restart --service-name one --service-name two")
        .ok();
    for service in ["one", "two"] {
        world.gateway(&format!("status {service}")).ok();
        world.gateway(&format!("uninstall {service}")).ok();
    }
    world.stop();
}

fn installed(world: &Supervisord) {
    world
        .install("--id life --backend supervisord")
        .ok()
        .stderr_contains("installed");
    world.gateway("status --strict").ok();
    assert_eq!(world.traces().len(), 4, "{:?}", world.traces());
    let (home, variables) = (world.sandbox.root().join("home"), world.variables());
    assert!(variables.contains(&format!("HOME={}", home.display())));
    assert!(!variables.iter().any(|v| v.starts_with("KT_LEAK=")));

    let pid = world.pid();
    world.install("--id life").ok().stderr_contains("unchanged");
    assert_eq!(world.pid(), pid, "it was restarted");

    let changed = POLICY.replace("1.0.0", "1.0.1");
    world.sandbox.write("changed.yaml", changed);
    world.gateway("reload --id life --file changed.yaml").ok();
    assert_eq!(world.pid(), pid, "it was restarted");
    let address = world.port.to_string();
    world
        .gateway("logs --lines 200")
        .ok()
        .stdout_contains(&address);

    kill(&pid);
    wait_until("another process", TIMEOUT, || {
        let now = world.pid();
        (now != pid && now != "0" && !now.is_empty()).then_some(())
    });
    world.gateway("status --wait ready --timeout 30s").ok();
    let status = world.gateway("status -o json");
    let exit = status.ok().json();
    let exit = |pointer: &str| exit.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!(exit("/service/last_exit/signal"), "KILL", "{status}");
    assert_eq!(exit("/service/restarts"), 1, "{status}");
}

fn stopped_and_started(world: &Supervisord) {
    world.gateway("stop").ok();
    world.ctl("status kt-gateway").stdout_contains("STOPPED");
    world.gateway("status").exits(3);
    world
        .gateway("stop")
        .ok()
        .stderr_contains("already stopped");

    // supervisord starts the program again and again, and it exits: a stop must not be lost
    // between two starts.
    let listener = TcpListener::bind(("127.0.0.1", world.port)).expect("the port is free");
    world.ctl("start kt-gateway").ok();
    wait_until("two exits", TIMEOUT, || {
        let log = world.ctl("maintail -4000").stdout;
        let exits = log.matches("exited: kt-gateway (exit status 6").count();
        (exits >= 2).then_some(())
    });
    world.gateway("stop").ok();
    world.ctl("status kt-gateway").stdout_contains("STOPPED");
    drop(listener);
    world.gateway("start").ok();
    world
        .gateway("start")
        .ok()
        .stderr_contains("already running");
    let pid = world.pid();
    let file = world.sandbox.home().join("config/gateway/default.env");
    fs::create_dir_all(file.parent().expect("a folder")).expect("the sandbox is writable");
    write_private(&file, "KT_NOTE=\"a $(touch ran) b\"\n");
    world.gateway("restart").ok();
    assert_ne!(world.pid(), pid, "the process is the same");
    let note = "KT_NOTE=a $(touch ran) b".to_owned();
    assert!(world.variables().contains(&note));
}

fn parked(world: &Supervisord) {
    let file = world.sandbox.home().join("config/gateway/default.env");
    write_private(&file, "KT_PROFILE=absent\n");
    world
        .gateway("restart")
        .exits(7)
        .stderr_contains("profile `absent` does not exist");
    world.gateway("status").exits(1).stdout_contains("parked");
    world.ctl("status kt-gateway").stdout_contains("EXITED");
    fs::remove_file(file).expect("the file exists");
    world.gateway("start").ok();
    world.gateway("status").ok();
}

fn edited(world: &Supervisord) {
    let config = world.dir().join("conf.d/kt-gateway.conf");
    world.edit(&config, "# mine");
    world.install("--id life").exits(6);
    world
        .gateway("uninstall")
        .exits(6)
        .stderr_contains("edited");
    world.install("--id life --force").ok();
    let text = fs::read_to_string(&config).expect("the file exists");
    assert!(!text.contains("# mine"), "the edit is still there");
}

fn rolled_back(world: &Supervisord) {
    let (pid, traces) = (world.pid(), world.traces());
    // The exit code of invalid settings, which parks the service.
    let program = world.sandbox.write("invalid", "#!/bin/sh\nexit 3\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is our own");
    let fails = |line: &str| {
        let line = format!("gateway install {line} --executable");
        let output = world.kt(&line).arg(&program).run();
        output.exits(7).stderr_contains("rolled back");
        assert_eq!(world.traces(), traces);
    };
    fails("--id life");
    world.gateway("status --wait ready --timeout 30s").ok();
    assert_ne!(world.pid(), pid);
    world
        .gateway("create --name broken --file policy.yaml")
        .ok();
    let port = free_port();
    fails(&format!(
        "--id broken --service-name broken --listen 127.0.0.1:{port}"
    ));
}

fn write_private(file: &Path, text: &str) {
    fs::write(file, text).expect("the folder is writable");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("it is our own");
}

#[test]
fn a_backend_in_python_passes_the_conformance_tests() {
    let Some(mut world) = Supervisord::new() else {
        return;
    };
    world.start();
    let report = world
        .kt("plugin test -o json")
        .arg(workspace().join(PLUGIN))
        .limit(CONFORMANCE_LIMIT)
        .run();
    let checks = report.ok().at("/checks");
    let checks = checks.as_array().into_iter().flatten();
    let skipped: Vec<&Value> = checks
        .filter(|c| c["result"] != "passed")
        .map(|c| &c["id"])
        .collect();
    assert_eq!(skipped, ["hang"], "supervisord has no watchdog{report}");
    assert!(world.traces().is_empty(), "{:?}", world.traces());
    world.stop();
}

#[test]
fn the_unit_tests_of_the_backend_in_python_pass() {
    let Some(python) = crate::harness::tool("python3") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox
        .program(&python)
        .args(["-B", "-m", "unittest"])
        .cwd(&workspace().join(PLUGIN))
        .run()
        .ok()
        .stderr_contains("OK");
}
