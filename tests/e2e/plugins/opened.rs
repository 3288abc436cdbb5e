//! Which plugin libraries a command opens: only its own and those of the
//! interfaces it uses; none for help, listing and completion.
//!
//! The table holds every command of the staged tree. A new command without an
//! entry fails, and so does an entry without a command.

use crate::commands::{every_command, with_plugins};
use crate::harness::{Sandbox, TestCommand, tool, workspace};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A command, how it is run here, and the plugins whose libraries it opens.
type Entry = (&'static str, &'static str, &'static [&'static str]);

const CONTROL: &[&str] = &["control-plane", "gateway-control"];
const CONFIG: &[&str] = &["control-plane", "gateway-config"];
/// They look at files alone.
const FILES: &[&str] = &["gateway-config"];
/// The example refers to a stored secret, and `gateway-control` keeps those.
const RUN: &[&str] = &["control-plane", "gateway-control", "gateway-run"];
/// It looks at files alone.
const KEPT: &[&str] = &["gateway-control"];
const SERVICE: &[&str] = &["gateway-service"];
/// It asks the service manager that runs here, if there is one.
const STATUS: &[&str] = &["gateway-service", "service-systemd?"];
const ALL: &[&str] = &["*"];

/// In an order in which each finds what it needs.
const TABLE: [Entry; 56] = [
    ("completion", "completion bash", &[]),
    ("config show", "config show", &[]),
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
    // The backend is named, so that it does not matter what runs here. Nothing
    // is installed, so the others need none: those of an installed service are
    // tried with a real service manager.
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
        "gateway delete",
        "gateway delete --id production --yes",
        CONTROL,
    ),
    ("init", "init --dir new", FILES),
    ("plugin catalog", "plugin catalog", &[]),
    ("plugin list", "plugin list", &[]),
    (
        "plugin test",
        "plugin test PLUGINS/service-launchd",
        // It registers gateways of its own, for the service to run.
        &[
            "control-plane",
            "gateway-control",
            "gateway-service",
            "service-launchd",
        ],
    ),
    ("plugin verify", "plugin verify", ALL),
    ("policy lint", "policy lint --file policy.yaml", FILES),
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

/// The commands that run until they are stopped.
const ENDLESS: [&str; 2] = ["control-plane serve", "gateway run"];

/// Runs `kt` under strace and says whose libraries were opened.
fn opened(sandbox: &Sandbox, strace: &Path, line: &str, endless: bool) -> BTreeSet<String> {
    let trace = sandbox.root().join("trace");
    let mut running = traced(sandbox, strace, line, &trace).spawn();
    if endless {
        running.wait_for("an address", Duration::from_secs(30), |_, err| {
            err.contains("http://127.0.0.1:").then_some(())
        });
        running.signal(Signal::TERM);
    }
    let ran = running.wait(Duration::from_secs(60));
    // Usage errors come before any library: they would prove nothing.
    assert!(!ran.stderr.contains("Usage:"), "{ran}");
    let text = fs::read_to_string(&trace).expect("strace wrote it");
    let found = text
        .lines()
        .filter(|l| !l.contains(" = -1 "))
        .filter_map(library_of);
    found.collect()
}

/// A run of `kt` whose opened files are written to `trace`. With `-D` the
/// child is `kt` itself, so that it gets the signals and dies with the test;
/// strace holds the output streams until the trace is complete.
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
}

fn library_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("/lib/kt/plugins/")?;
    let (path, _) = rest.split_once('"')?;
    let (plugin, file) = path.split_once('/')?;
    file.ends_with(".so").then(|| plugin.to_owned())
}

/// The plugins of an entry; one with a question mark counts where systemd runs.
fn names(entry: &[&str], sandbox: &Sandbox) -> BTreeSet<String> {
    if entry == ALL {
        let dirs = fs::read_dir(sandbox.dist().join("lib/kt/plugins")).expect("they are staged");
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
    sandbox.write(
        "policy.yaml",
        fs::read(policy).expect("the example is there"),
    );
    let all = every_command(&sandbox);
    let known: BTreeSet<String> = TABLE.iter().map(|(c, ..)| (*c).to_owned()).collect();
    assert_eq!(
        known, all,
        "the table's commands are those of the staged tree"
    );
    for (command, line, expected) in TABLE {
        let line = with_plugins(line, &sandbox);
        let found = opened(&sandbox, &strace, &line, ENDLESS.contains(&command));
        assert_eq!(
            found,
            names(expected, &sandbox),
            "the libraries of `kt {line}`"
        );
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
        let ran = traced(&sandbox, &strace, &line, &trace).run();
        assert!(matches!(ran.code(), Some(0 | 2)), "{ran}");
        let text = fs::read_to_string(&trace).expect("strace wrote it");
        assert!(
            text.contains("/lib/kt/plugins"),
            "`kt {line}` looks for plugins"
        );
        let found: Vec<_> = text.lines().filter_map(library_of).collect();
        assert!(found.is_empty(), "`kt {line}` opens {found:?}");
    }
}
