//! The plugin libraries that a command opens: only that of its plugin, and those of the
//! interfaces that it uses; none for help and completion. Commands that report the state
//! of plugins open libraries to read their headers, and load none.
//!
//! The table contains every command of the staged tree. A command without an entry
//! fails the test, and so does an entry without a command.

use crate::commands::{every_command, with_plugins};
use crate::harness::{Sandbox, TestCommand, tool, workspace};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A command, its command line, and the plugins whose libraries it opens.
type Entry = (&'static str, &'static str, &'static [&'static str]);

const CONTROL: &[&str] = &["control-plane", "gateway-control"];
const CONFIG: &[&str] = &["control-plane", "gateway-config"];
/// Commands that only read files.
const FILES: &[&str] = &["gateway-config"];
/// The example refers to a stored secret, which `gateway-control` provides.
const RUN: &[&str] = &["control-plane", "gateway-control", "gateway-run"];
/// The files are found by the ID of the gateway.
const EVENTS: &[&str] = &["control-plane", "gateway-run"];
/// A command that only reads files.
const KEPT: &[&str] = &["gateway-control"];
const SERVICE: &[&str] = &["gateway-service"];
/// The command queries the running service manager, if there is one.
const STATUS: &[&str] = &["gateway-service", "service-systemd?"];
const ALL: &[&str] = &["*"];

/// In an order in which the prerequisites of every command exist.
const TABLE: [Entry; 76] = [
    ("completion", "completion bash", &[]),
    ("config show", "config show", &[]),
    ("config set", "config set api.timeout 30s", &[]),
    ("config unset", "config unset api.timeout", &[]),
    ("config edit", "config edit", &[]),
    (
        "control-plane serve",
        "control-plane serve --listen 127.0.0.1:0",
        &["control-plane"],
    ),
    (
        "control-plane backup",
        "control-plane backup --output-file kept.db",
        &["control-plane"],
    ),
    (
        "control-plane export",
        "control-plane export --output-file all.jsonl",
        &["control-plane"],
    ),
    (
        "control-plane import",
        "control-plane import --input-file policy.yaml",
        &["control-plane"],
    ),
    (
        "control-plane fsck",
        "control-plane fsck",
        &["control-plane"],
    ),
    (
        "control-plane restore",
        "control-plane restore --input-file absent --yes",
        &["control-plane"],
    ),
    ("doctor", "doctor", ALL),
    (
        "gateway create",
        "gateway create --name production --file policy.yaml",
        CONTROL,
    ),
    ("gateway list", "gateway list", CONTROL),
    (
        "gateway inspect",
        "gateway inspect --id production",
        CONTROL,
    ),
    ("gateway config", "gateway config --id production", CONTROL),
    (
        "gateway pin",
        "gateway pin --id production --version 1",
        CONTROL,
    ),
    (
        "gateway unpin",
        "gateway unpin --id production --version 1",
        CONTROL,
    ),
    (
        "gateway prune",
        "gateway prune --id production --keep 1 --yes",
        CONTROL,
    ),
    (
        "gateway versions",
        "gateway versions --id production",
        CONTROL,
    ),
    (
        "gateway update",
        "gateway update --id production --description x",
        CONTROL,
    ),
    ("whoami", "whoami", CONTROL),
    ("auth whoami", "auth whoami", CONTROL),
    (
        "auth login",
        "auth login --api-url http://127.0.0.1:1",
        KEPT,
    ),
    ("auth logout", "auth logout", KEPT),
    ("auth token", "auth token", KEPT),
    ("auth list", "auth list", KEPT),
    ("auth switch", "auth switch default", KEPT),
    ("gateway edit", "gateway edit production", FILES),
    ("events list", "events list production", EVENTS),
    ("events show", "events show 1 --id production", EVENTS),
    ("events tail", "events tail production", EVENTS),
    (
        "audit export",
        "audit export --output-file audit.jsonl",
        CONFIG,
    ),
    ("audit list", "audit list", CONFIG),
    ("audit verify", "audit verify", CONFIG),
    (
        "gateway diff",
        "gateway diff --id production --file policy.yaml",
        CONFIG,
    ),
    (
        "gateway reload",
        "gateway reload --id production --file policy.yaml --no-wait",
        CONFIG,
    ),
    (
        "gateway revert",
        "gateway revert --id production --version 1 --no-wait",
        CONFIG,
    ),
    (
        "gateway reconcile",
        "gateway reconcile --id production",
        CONFIG,
    ),
    (
        "gateway run",
        "gateway run --id production --listen 127.0.0.1:0",
        RUN,
    ),
    // With `--backend`, the running service manager does not matter. No service is
    // installed, so the other commands use no backend; those of an installed service
    // are tested with a real service manager.
    (
        "gateway install",
        "gateway install --id production --print --backend launchd",
        &["control-plane", "gateway-service", "service-launchd"],
    ),
    (
        "gateway start",
        "gateway start --service-name absent",
        SERVICE,
    ),
    (
        "gateway stop",
        "gateway stop --service-name absent",
        SERVICE,
    ),
    (
        "gateway restart",
        "gateway restart --service-name absent",
        SERVICE,
    ),
    (
        "gateway logs",
        "gateway logs --service-name absent",
        SERVICE,
    ),
    (
        "gateway status",
        "gateway status --service-name absent",
        STATUS,
    ),
    (
        "gateway uninstall",
        "gateway uninstall --service-name absent",
        SERVICE,
    ),
    (
        "gateway halt",
        "gateway halt --id production --reason leak",
        CONTROL,
    ),
    ("gateway unhalt", "gateway unhalt --id production", CONTROL),
    (
        "gateway delete",
        "gateway delete --id production --yes",
        CONTROL,
    ),
    ("init", "init --dir new", FILES),
    ("plugin catalog", "plugin catalog", &[]),
    ("plugin list", "plugin list", ALL),
    ("plugin new", "plugin new --lang c --kind command demo", &[]),
    (
        "plugin info",
        "plugin info service-launchd",
        &["service-launchd"],
    ),
    ("plugin disable", "plugin disable service-launchd", &[]),
    ("plugin enable", "plugin enable service-launchd", &[]),
    ("plugin link", "plugin link PLUGINS/service-launchd", &[]),
    (
        "plugin install",
        "plugin install PLUGINS/service-launchd --force --yes",
        &["service-launchd"],
    ),
    (
        "plugin update",
        "plugin update service-launchd",
        &["service-launchd"],
    ),
    ("plugin trust", "plugin trust service-launchd --yes", &[]),
    ("plugin remove", "plugin remove service-launchd", &[]),
    (
        "plugin test",
        "plugin test PLUGINS/service-launchd",
        // It creates gateways, which the services run.
        &[
            "control-plane",
            "gateway-control",
            "gateway-service",
            "service-launchd",
        ],
    ),
    ("plugin verify", "plugin verify", ALL),
    ("policy lint", "policy lint --file policy.yaml", FILES),
    ("policy schema", "policy schema", FILES),
    ("policy test", "policy test --file policy.yaml", FILES),
    ("reference", "reference", &[]),
    ("secret list", "secret list", &["gateway-control"]),
    (
        "secret remove",
        "secret remove --name absent",
        &["gateway-control"],
    ),
    (
        "secret set",
        "secret set --name absent",
        &["gateway-control"],
    ),
    (
        "token create",
        "token create --name t --scope read",
        CONTROL,
    ),
    ("token list", "token list", CONTROL),
    (
        "token revoke",
        "token revoke --token-id tok_aaaaaaaaaaaaaaaa",
        CONTROL,
    ),
    (
        "token rotate",
        "token rotate --token-id tok_aaaaaaaaaaaaaaaa",
        CONTROL,
    ),
    ("version", "version", &[]),
];

/// Commands that read the headers of libraries. A library is loaded through the path of
/// its descriptor, which these commands never open.
const INSPECTING: [&str; 4] = [
    "plugin list",
    "plugin info",
    "plugin install",
    "plugin update",
];

/// Commands that run until they are stopped.
const LONG_RUNNING: [&str; 2] = ["control-plane serve", "gateway run"];

/// Runs `kt` under strace, and returns the plugins whose libraries were opened.
fn opened(sandbox: &Sandbox, strace: &Path, line: &str, long_running: bool) -> BTreeSet<String> {
    let trace = sandbox.root().join("trace");
    let mut running = traced(sandbox, strace, line, &trace).spawn();
    if long_running {
        running.wait_for("an address", Duration::from_secs(30), |_, err| {
            err.contains("http://127.0.0.1:").then_some(())
        });
        running.signal(Signal::TERM);
    }
    let output = running.wait(Duration::from_secs(60));
    // A usage error occurs before a library is opened, and would prove nothing.
    assert!(!output.stderr.contains("Usage:"), "{output}");
    let text = fs::read_to_string(&trace).expect("strace wrote the trace");
    let found = text
        .lines()
        .filter(|l| !l.contains(" = -1 "))
        .filter_map(library_of);
    found.collect()
}

/// Returns a run of `kt` whose opened files are written to `trace`. With `-D`, the child
/// process is `kt`, so that it receives the signals and ends with the test; strace holds
/// the output streams until the trace is complete.
fn traced(sandbox: &Sandbox, strace: &Path, line: &str, trace: &Path) -> TestCommand {
    sandbox
        .program(strace)
        .args([
            "-D",
            "-f",
            "-qq",
            "-s",
            "4096",
            "-e",
            "trace=open,openat,openat2",
            "-o",
        ])
        .arg(trace)
        .arg(sandbox.dist().join("bin/kt"))
        .args(line.split_whitespace())
        .env("EDITOR", "true")
}

fn library_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("/lib/kt/plugins/")?;
    let (path, _) = rest.split_once('"')?;
    let (plugin, file) = path.split_once('/')?;
    file.ends_with(".so").then(|| plugin.to_owned())
}

/// Returns the plugins of an entry; one with a question mark counts if systemd runs.
fn names(entry: &[&str], sandbox: &Sandbox) -> BTreeSet<String> {
    if entry == ALL {
        let dirs =
            fs::read_dir(sandbox.dist().join("lib/kt/plugins")).expect("the plugins are staged");
        let names = dirs.filter_map(|e| e.ok()?.file_name().into_string().ok());
        return names.collect();
    }
    let systemd = Path::new("/run/systemd/system").is_dir();
    let counts = entry.iter().filter(|p| systemd || !p.ends_with('?'));
    counts.map(|p| p.trim_end_matches('?').to_owned()).collect()
}

#[test]
fn every_command_opens_exactly_the_libraries_it_needs() {
    let Some(strace) = tool("strace") else { return };
    let sandbox = Sandbox::new();
    let policy = workspace().join("docs/examples/policy-config.yaml");
    sandbox.write("policy.yaml", fs::read(policy).expect("the example exists"));
    let all = every_command(&sandbox);
    let known: BTreeSet<String> = TABLE.iter().map(|(c, ..)| (*c).to_owned()).collect();
    assert_eq!(
        known, all,
        "the table contains the commands of the staged tree"
    );
    for (command, line, expected) in TABLE {
        let line = with_plugins(line, &sandbox);
        let found = opened(&sandbox, &strace, &line, LONG_RUNNING.contains(&command));
        assert_eq!(
            found,
            names(expected, &sandbox),
            "the libraries of `kt {line}`"
        );
        if INSPECTING.contains(&command) {
            let trace = fs::read_to_string(sandbox.root().join("trace"));
            let trace = trace.expect("strace wrote the trace");
            assert!(!trace.contains("/proc/self/fd/"), "`kt {line}` loads");
        }
    }
}

#[test]
fn help_opens_no_library() {
    let Some(strace) = tool("strace") else { return };
    let sandbox = Sandbox::new();
    let mut lines: Vec<String> = every_command(&sandbox)
        .iter()
        .map(|c| format!("{c} --help"))
        .collect();
    for line in [
        "",
        "--help",
        "-h",
        "--version",
        "gateway",
        "gateway --help",
        "gateway lst",
        "help gateway",
    ] {
        lines.push(line.to_owned());
    }
    for line in lines {
        let trace = sandbox.root().join("trace");
        let output = traced(&sandbox, &strace, &line, &trace).run();
        assert!(matches!(output.code(), Some(0 | 2)), "{output}");
        let text = fs::read_to_string(&trace).expect("strace wrote the trace");
        // The version of kt itself needs none.
        assert_eq!(
            text.contains("/lib/kt/plugins"),
            line != "--version",
            "`kt {line}` looks for plugins"
        );
        let found: Vec<_> = text.lines().filter_map(library_of).collect();
        assert!(found.is_empty(), "`kt {line}` opens {found:?}");
    }
}
