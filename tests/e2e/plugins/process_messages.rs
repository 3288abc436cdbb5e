//! What kt and programs in Python send one another: the lines are recorded as they pass, and
//! validated by the JSON Schemas.

use super::messages::Messages;
use super::plugin_dir::PluginDir;
use crate::harness::{Sandbox, TIMEOUT, tool};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Runs the program beside it, and writes each line to `RECORD`.
const RECORDER: &str = r#"#!/usr/bin/env python3
import json, os, subprocess, sys, threading

program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program")
child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
record = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def copy(side, source, target):
    for line in source:
        entry = {"process": os.getpid(), "from": side, "line": json.loads(line)}
        os.write(record, json.dumps(entry).encode() + b"\n")
        target.write(line)
        target.flush()
    target.close()

threading.Thread(
    target=copy, args=("host", sys.stdin.buffer, child.stdin), daemon=True
).start()
copy("plugin", child.stdout, sys.stdout.buffer)
sys.exit(child.wait())
"#;

/// The methods of each side, with the keys of `params` that ABI.md states.
const METHODS: [(&str, &str, &[&str]); 14] = [
    (
        "host",
        "initialize",
        &[
            "protocol",
            "host_version",
            "abi",
            "name",
            "version",
            "log_level",
            "features",
        ],
    ),
    (
        "host",
        "command/run",
        &["call", "invocation", "deadline_unix_ms"],
    ),
    (
        "host",
        "interface/call",
        &[
            "call",
            "interface",
            "name",
            "method",
            "request",
            "deadline_unix_ms",
        ],
    ),
    ("host", "shutdown", &[]),
    ("host", "cancel", &["call", "reason"]),
    ("host", "reload", &[]),
    ("plugin", "prompt", &["call", "kind", "question"]),
    ("plugin", "providers/list", &["call", "interface"]),
    ("plugin", "provider/open", &["call", "interface", "name"]),
    (
        "plugin",
        "provider/call",
        &["call", "provider", "method", "request"],
    ),
    ("plugin", "provider/close", &["call", "provider"]),
    ("plugin", "emit", &["call", "kind", "value"]),
    ("plugin", "log", &["level", "target", "message", "fields"]),
    // Of a later version.
    ("plugin", "a/later/notification", &[]),
];

/// Installs a program with the recorder in front of it.
fn install(dir: &PluginDir<'_>, name: &str) {
    let program = dir.example_program(name);
    fs::rename(&program, program.with_file_name("program")).expect("it is our own");
    let manifest = fs::read_to_string(program.with_file_name("plugin.toml"));
    dir.put_program(&manifest.expect("it has a manifest"), RECORDER.as_bytes());
}

/// Uses every part of the protocol.
fn use_greeter(dir: &PluginDir<'_>, record: &Path) {
    let kt = |line: &str| dir.kt(line).env("RECORD", record);
    kt("python hello -vvv").run().ok();
    kt("python fail").run().exits(5);
    kt("python events").run().ok();
    kt("python ask --yes").stdin("secret\n").run().ok();
    kt("python call --times 2").run().ok();
    kt("python call --method other").run().exits(9);
    kt("python count --timeout 200ms").run().exits(7);
    let mut running = kt("python wait").spawn();
    let shown = |text: &'static str| move |_: &str, err: &str| err.contains(text).then_some(());
    running.wait_for("readiness", TIMEOUT, shown("waiting"));
    running.signal(Signal::HUP);
    running.wait_for("the reload", TIMEOUT, shown("reload 1"));
    running.signal(Signal::INT);
    running.wait(TIMEOUT).exits(130);
}

/// Answers the probes of the backend.
const SUPERVISORCTL: &str = "\
#!/bin/sh
case $3 in
  version) echo 4.3.0 ;;
  status) echo 'kt-gateway    STOPPED   Not started'; exit 3 ;;
esac
";

/// Calls the methods of the service backend, with a supervisord that runs nothing.
fn use_backend(dir: &PluginDir<'_>, record: &Path) {
    let kt = |line: &str| dir.kt(line).env("RECORD", record);
    kt("gateway create --name edge").run().ok();
    kt("gateway install --id edge --backend supervisord --print")
        .run()
        .ok();
    let plugin = dir.path().join("service-supervisord");
    kt("plugin test").arg(plugin).run().ok();
    let sandbox = dir.sandbox();
    let config = sandbox.root().join("xdg/config/supervisor");
    fs::create_dir_all(&config).expect("the sandbox is writable");
    let include = "[include]\nfiles = conf.d/*.conf\n";
    fs::write(config.join("supervisord.conf"), include).expect("the sandbox is writable");
    let ctl = sandbox.write("bin/supervisorctl", SUPERVISORCTL);
    fs::set_permissions(&ctl, Permissions::from_mode(0o755)).expect("it is our own");
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    kt("gateway install --id edge --backend supervisord --no-start --executable")
        .arg(sandbox.dist().join("bin/kt"))
        .env("PATH", path)
        .run()
        .ok();
}

/// The messages that a line contains, each with its schema.
fn add(messages: &mut Messages, line: &Value, request: Option<&Value>) {
    let (params, method) = (&line["params"], line["method"].as_str());
    let interface = |call: &Value, suffix: &str| {
        let text = |key: &str| call["params"][key].as_str().unwrap_or_default();
        let interface = text("interface").replace('/', "-");
        let known = matches!(interface.as_str(), "kt.service-1" | "kt.doctor-1");
        known.then(|| format!("{interface}/{}.{suffix}.json", text("method")))
    };
    match (method, params["kind"].as_str()) {
        (Some("command/run"), _) => messages.add("invocation.json", "host", &params["invocation"]),
        (Some("interface/call"), _) => {
            if let Some(schema) = interface(line, "request") {
                messages.add(&schema, "host", &params["request"]);
            }
        }
        (Some("prompt"), _) => messages.add("prompt.json", "plugin", params),
        (Some("emit"), Some("event")) => messages.add("event.json", "plugin", &params["value"]),
        (Some("emit"), Some("progress" | "warning")) => {
            messages.add("message.json", "plugin", &params["value"]);
        }
        (Some("emit"), Some("partial-result")) => {
            messages.add("result.json", "plugin", &params["value"]);
        }
        _ => {}
    }
    let Some(request) = request else { return };
    if let Some(error) = line.pointer("/error/data") {
        messages.add("error.json", "response", error);
    } else if line.get("result").is_some() {
        let result = &line["result"];
        match request["method"].as_str() {
            Some("command/run") => messages.add("result.json", "response", result),
            Some("providers/list") => messages.add("providers.json", "response", result),
            Some("interface/call") => {
                if let Some(schema) = interface(request, "result") {
                    messages.add(&schema, "response", result);
                }
            }
            _ => {}
        }
    }
}

/// Checks the frame of a line: a message of JSON-RPC, with the keys that ABI.md states.
fn check_frame(side: &str, line: &Value) {
    assert_eq!(line["jsonrpc"], "2.0", "{line}");
    let Some(method) = line["method"].as_str() else {
        let response = line.get("result").is_some() != line.get("error").is_some();
        assert!(response && line.get("id").is_some(), "{line}");
        return;
    };
    let stated = METHODS
        .iter()
        .find(|(from, name, _)| (*from, *name) == (side, method));
    let (_, _, keys) = stated.unwrap_or_else(|| panic!("unknown method: {line}"));
    let params = line["params"].as_object().expect("`params` is an object");
    let keys: BTreeSet<&str> = keys.iter().copied().collect();
    let found: BTreeSet<&str> = params.keys().map(String::as_str).collect();
    assert_eq!(found, keys, "{line}");
}

#[test]
fn what_programs_and_the_host_send_is_valid() {
    let Some(_python) = tool("python3") else {
        return;
    };
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let record = sandbox.root().join("record");
    for name in ["greeter-python", "service-supervisord"] {
        install(&dir, name);
    }
    use_greeter(&dir, &record);
    use_backend(&dir, &record);

    let text = fs::read_to_string(&record).expect("lines were recorded");
    let (mut messages, mut methods) = (Messages::default(), BTreeSet::new());
    let mut requests: BTreeMap<String, Value> = BTreeMap::new();
    for entry in text.lines() {
        let entry: Value = serde_json::from_str(entry).expect("an entry is JSON");
        let (side, line) = (entry["from"].as_str().unwrap_or_default(), &entry["line"]);
        check_frame(side, line);
        // A response is identified by the process, the other side and the id.
        let other = if side == "host" { "plugin" } else { "host" };
        let key = |from: &str| format!("{} {from} {}", entry["process"], line["id"]);
        let request = match line["method"].as_str() {
            None => requests.remove(&key(other)),
            Some(method) => {
                let called = line.pointer("/params/method").and_then(Value::as_str);
                methods.insert(format!("{method} {}", called.unwrap_or_default()));
                if line.get("id").is_some() {
                    requests.insert(key(side), line.clone());
                }
                None
            }
        };
        add(&mut messages, line, request.as_ref());
    }
    for (_, method, _) in METHODS {
        assert!(
            methods.iter().any(|m| m.split(' ').next() == Some(method)),
            "`{method}` was not sent"
        );
    }
    for method in ["describe", "inspect", "detect", "observe", "render", "logs"] {
        let call = format!("interface/call {method}");
        assert!(methods.contains(&call), "`{method}` was not called");
    }
    if let Some(validation) = messages.validate(&sandbox) {
        validation.ok();
    }
}
