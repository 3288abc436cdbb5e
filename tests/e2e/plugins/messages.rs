//! What the host and plugins send is valid by the JSON Schemas: messages are collected
//! as they cross the ABI.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{Sandbox, tool_at, workspace};
use kt_plugin_api::{
    CellFormat, Class, Column, Error, Event, Field, Message, Output, ProblemItem, Prompt,
    PromptKind, View,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;

/// Messages, each with the file of its schema.
#[derive(Default)]
pub(super) struct Messages(Vec<Value>);

impl Messages {
    pub(super) fn add(&mut self, schema: &str, label: &str, message: impl Serialize) {
        let entry = json!({ "schema": schema, "label": label, "message": message });
        self.0.push(entry);
    }

    fn lines(&self) -> String {
        self.0.iter().map(|entry| format!("{entry}\n")).collect()
    }

    /// Validates the messages, if the validator is installed. Returns its output.
    pub(super) fn validate(&self, sandbox: &Sandbox) -> Option<crate::harness::CommandOutput> {
        let python = tool_at(&workspace().join("target/test-venv/bin/python3"))?;
        let run = sandbox
            .program(&python)
            .arg(workspace().join("tests/scripts/validate-messages.py"))
            .arg(workspace().join("plugin-api/schema"))
            .stdin(self.lines())
            .run();
        Some(run)
    }
}

/// A call of a provider, through the plugin that returns replies unchanged.
fn reply(dir: &PluginDir<'_>, interface: &str, method: &str, request: &Value) -> Value {
    let (id, provider) = interface.split_once(':').unwrap_or((interface, ""));
    let run = dir
        .kt("echo call -o json")
        .env("ECHO_INTERFACE", id)
        .env("ECHO_PROVIDER", provider)
        .env("ECHO_METHOD", method)
        .env("ECHO_REQUEST", request.to_string())
        .run();
    run.ok().json()
}

/// The messages that the host sends to a plugin.
fn sent_by_the_host(dir: &PluginDir<'_>, log: &std::path::Path, messages: &mut Messages) {
    let every_type = "--text a --count 3 --on --file f --wait 90s --mode b --many x --many y";
    for line in ["", every_type] {
        let run = dir
            .kt(&format!("echo invocation {line} -o json"))
            .env("ECHO_LEVEL", "high")
            .run();
        let invocation = run.ok().json();
        assert_eq!(invocation["settings"]["echo.level"], "high", "{run}");
        messages.add("invocation.json", "invocation", invocation);
    }
    for interface in ["kt.service/1", "kt.secrets/1", "example.none/1"] {
        let run = dir
            .kt("echo providers -o json")
            .env("ECHO_INTERFACE", interface)
            .run();
        messages.add("providers.json", interface, run.ok().json());
    }
    let _doctor = dir.kt("doctor").env("ECHO_LOG", log).run();
    dir.kt("gateway create --name edge").run().ok();
    for line in [
        "gateway install --id edge --backend echo --print",
        "gateway install --id edge --backend echo --dry-run",
        "gateway status --id edge --backend echo",
        "plugin test PLUGIN",
    ] {
        let plugin = dir.path().join("echo").display().to_string();
        let line = line.replace("PLUGIN", &plugin);
        let _outcome = dir.kt(&line).env("ECHO_LOG", log).run();
    }
    let words = [
        "--",
        "kt",
        "echo",
        "invocation",
        "--text",
        "a",
        "--dynamic",
        "v",
    ];
    let completed = dir.sandbox().kt(words).env("KT_COMPLETE", "fish");
    let completed = completed.env("KT_PLUGIN_PATH", dir.path());
    let completed = completed.env("ECHO_LOG", log).run();
    assert_eq!(completed.ok().stdout, "value\tA value\n");
    let text = fs::read_to_string(log).expect("the provider was called");
    let mut seen = std::collections::BTreeSet::new();
    for line in text.lines() {
        let call: Value = serde_json::from_str(line).expect("a call is JSON");
        let interface = call["interface"].as_str().unwrap_or_default();
        let method = call["method"].as_str().unwrap_or_default();
        let file = match interface {
            "kt.command/1" => "completion.json".to_owned(),
            _ => format!("{}/{method}.request.json", interface.replace('/', "-")),
        };
        messages.add(&file, "request of the host", &call["request"]);
        seen.insert(format!("{interface} {method}"));
    }
    for method in ["describe", "inspect", "detect", "observe", "render", "logs"] {
        let name = format!("kt.service/1 {method}");
        assert!(seen.contains(&name), "`{name}` was not called: {seen:?}");
    }
    for call in ["kt.doctor/1 check", "kt.command/1 complete"] {
        assert!(seen.contains(call), "{seen:?}");
    }
}

/// The results of providers in Rust and C, by replaying the requests of the host.
fn sent_by_providers(dir: &PluginDir<'_>, messages: &mut Messages) {
    let requests: Vec<Value> = messages.0.clone();
    for provider in ["systemd", "launchd", "echo"] {
        for entry in &requests {
            let file = entry["schema"].as_str().unwrap_or_default();
            let Some(method) = file
                .strip_prefix("kt.service-1/")
                .and_then(|f| f.strip_suffix(".request.json"))
            else {
                continue;
            };
            let interface = format!("kt.service/1:{provider}");
            let answer = reply(dir, &interface, method, &entry["message"]);
            add_answer(
                messages,
                &format!("kt.service-1/{method}.result.json"),
                provider,
                &answer,
            );
        }
    }
    let invocation = requests[0]["message"].clone();
    for provider in ["gateway-control", "echo"] {
        let interface = format!("kt.doctor/1:{provider}");
        let answer = reply(dir, &interface, "check", &invocation);
        add_answer(messages, "kt.doctor-1/check.result.json", provider, &answer);
    }
    let connection = json!({ "state_dir": invocation["dirs"]["state"], "runtime_dir": invocation["dirs"]["runtime"] });
    let request =
        json!({ "connection": connection, "request": { "method": "GET", "path": "/v1/gateways" } });
    let answer = reply(dir, "kt.control-plane/1:embedded", "request", &request);
    assert_eq!(answer["result"]["status"], 200, "{answer}");
    add_answer(
        messages,
        "kt.control-plane-1/request.result.json",
        "embedded",
        &answer,
    );
}

fn add_answer(messages: &mut Messages, schema: &str, label: &str, answer: &Value) {
    match answer.get("error") {
        Some(error) => messages.add("error.json", label, error),
        None => messages.add(schema, label, &answer["result"]),
    }
}

/// The messages in the source of the plugin in C, which are constants.
fn sent_by_the_greeter(messages: &mut Messages) {
    let source = workspace().join("tests/plugins/greeter-c/greeter.c");
    let source = fs::read_to_string(source).expect("the source exists");
    let constants = source.split("\"{\\\"").skip(1);
    let mut count = 0;
    for constant in constants {
        let end = constant
            .find("}\"")
            .expect("a constant ends on its own line");
        let text = format!("\"{{\\\"{}}}\"", &constant[..end]);
        let text: String = serde_json::from_str(&text).expect("the escapes of C are those of JSON");
        let message: Value = serde_json::from_str(&text).expect("a message is JSON");
        let file = if message.get("schema").is_some() {
            "result.json"
        } else {
            "error.json"
        };
        messages.add(file, "greeter-c", message);
        count += 1;
    }
    assert!(count > 3, "{count} messages");
}

/// What the SDK writes for every variant.
fn sent_by_the_sdk(messages: &mut Messages) {
    let column = Column::new("A", "/a").format(CellFormat::Age).wide();
    let fields = [CellFormat::Text, CellFormat::State, CellFormat::Hash]
        .map(|format| Field::new("A", "/a").format(format));
    let table = View::Table {
        rows: "/rows".to_owned(),
        columns: vec![column],
        empty: String::new(),
    };
    let sections = vec![table, View::Fields(fields.to_vec()), View::Json];
    for view in [
        View::Sections(sections),
        View::Text("text".to_owned()),
        View::Message("done".to_owned()),
    ] {
        let output = Output::new("example/1", json!({ "a": 1 }), view);
        let output = output.name_path("/a").outcome("negative").note("a note");
        messages.add("result.json", "SDK", output);
    }
    for class in Class::ALL {
        let problem = ProblemItem {
            code: "E001".to_owned(),
            path: Some("a.b".to_owned()),
            ..ProblemItem::default()
        };
        let error = Error::new(class, "an-id", "a message")
            .cause("a cause")
            .hint("a hint")
            .at("file", 1, 2)
            .problems([problem])
            .outcome("other")
            .data("key", 1);
        messages.add("error.json", "SDK", error);
    }
    let event = Event {
        event: "listening".to_owned(),
        message: "listening".to_owned(),
        data: Value::Null,
    };
    messages.add("event.json", "SDK", event);
    let message = "a message".to_owned();
    messages.add("message.json", "SDK", Message { message });
    for kind in [PromptKind::Confirm, PromptKind::Secret] {
        let question = "a question".to_owned();
        messages.add("prompt.json", "SDK", Prompt { kind, question });
    }
}

fn manifests(messages: &mut Messages) {
    for folder in ["plugins", "tests/plugins"] {
        let entries = fs::read_dir(workspace().join(folder)).expect("the folder exists");
        for entry in entries {
            let path = entry.expect("an entry").path().join("plugin.toml");
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let manifest: toml::Value = toml::from_str(&text).expect("a manifest is TOML");
            messages.add("manifest.json", &path.display().to_string(), manifest);
        }
    }
}

#[test]
fn what_the_host_and_plugins_send_is_valid() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::echo()).is_none() {
        return;
    }
    let mut messages = Messages::default();
    sent_by_the_host(&dir, &sandbox.root().join("calls"), &mut messages);
    sent_by_providers(&dir, &mut messages);
    sent_by_the_greeter(&mut messages);
    sent_by_the_sdk(&mut messages);
    manifests(&mut messages);
    if let Some(validation) = messages.validate(&sandbox) {
        validation.ok();
    }
}

/// The validation can fail: a schema is not so general that everything is valid.
#[test]
fn invalid_messages_are_found() {
    let sandbox = Sandbox::new();
    for (schema, message) in [
        ("result.json", json!({ "schema": "a/1", "value": 1 })),
        (
            "result.json",
            json!({ "schema": "a/1", "value": 1, "view": { "chart": 1 } }),
        ),
        (
            "error.json",
            json!({ "id": "a", "class": "broken", "message": "m" }),
        ),
        ("event.json", json!({ "event": 1, "message": "m" })),
        ("prompt.json", json!({ "kind": "text", "question": "?" })),
        ("invocation.json", json!({ "path": ["a"] })),
        ("manifest.json", json!({ "manifest": 1, "nam": "a" })),
        ("kt.service-1/render.result.json", json!({ "steps": [{}] })),
        ("kt.doctor-1/check.result.json", json!([{ "name": "a" }])),
    ] {
        let mut messages = Messages::default();
        messages.add(schema, "test", &message);
        let Some(validation) = messages.validate(&sandbox) else {
            return;
        };
        validation.exits(1).stdout_contains(schema);
    }
}
