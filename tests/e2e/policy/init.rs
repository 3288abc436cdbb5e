//! `kt init`: its files are valid, and existing files are kept.

use crate::gateway::{Gateway, body, reply_text};
use crate::harness::{Sandbox, files_below};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn templates(sandbox: &Sandbox) -> Vec<String> {
    let list = sandbox.kt_line("init --list -o name").run();
    list.ok().stdout.lines().map(str::to_owned).collect()
}

/// Returns every file below a directory, with its content.
fn content(directory: &Path) -> Vec<(PathBuf, String)> {
    let files = files_below(directory, &[]).into_iter();
    let mut all: Vec<_> = files
        .map(|file| (file.clone(), fs::read_to_string(&file).unwrap_or_default()))
        .collect();
    all.sort();
    all
}

#[test]
fn every_template_is_valid_and_runs() {
    let sandbox = Sandbox::new();
    let templates = templates(&sandbox);
    assert_eq!(templates.len(), 4, "{templates:?}");
    for template in &templates {
        let init = format!("init --template {template} --dir {template}");
        let output = sandbox.kt_line(&init).run();
        output
            .ok()
            .stdout_contains(&format!("{template}/policy-config.yaml"))
            .stderr_contains(&format!("kt policy test --pack-dir {template}"));
        let file = format!("{template}/policy-config.yaml");
        let lint = sandbox.kt_line(&format!("policy lint --strict --file {file}"));
        lint.run().ok();
        let test = sandbox.kt_line(&format!("policy test --pack-dir {template} -o json"));
        let test = test.run().ok().json();
        let results = test["results"].as_array().expect("a list");
        assert!(results.len() >= 2, "{test}");
        let line = format!("gateway run --policy-config {file} --listen 127.0.0.1:0 --workers 1");
        let gateway = Gateway::of(sandbox.kt_line(&format!("{line} -o json")).spawn());
        for result in results {
            assert_gateway_agrees(&gateway, &sandbox, result);
        }
        gateway.stop().ok();
    }
}

/// Asserts that the gateway evaluates the request of a case as `kt policy test` did.
fn assert_gateway_agrees(gateway: &Gateway, sandbox: &Sandbox, result: &Value) {
    let file = sandbox.path(result["file"].as_str().expect("a name"));
    let case = fs::read_to_string(file).expect("the file exists");
    let case: Value = serde_json::from_str(&case).expect("it is JSON");
    let input = &case["input"];
    if !input["upstream_response"].is_null() {
        // The provider of the templates returns the request as the response.
        return;
    }
    let reply = gateway.post(&json!({ "model": "m", "messages": input["messages"] }));
    let prompt = input["messages"][0]["content"].as_str();
    match result["verdict"].as_str() {
        Some("block") => {
            assert_eq!(reply.status, 400, "{result}");
            let error = &body(&reply)["error"];
            assert_eq!(error["reason"], result["reason_code"]);
            assert_eq!(error["policy"], result["details"]["policy"]);
            assert_eq!(error["code"], "policy_violation");
        }
        Some("redact") => assert_ne!(Some(reply_text(&reply).as_str()), prompt, "{result}"),
        _ => assert_eq!(Some(reply_text(&reply).as_str()), prompt, "{result}"),
    }
}

#[test]
fn existing_files_are_never_overwritten() {
    for existing in ["policy-config.yaml", "tests/question.json", "tests"] {
        let sandbox = Sandbox::new();
        sandbox.write(&format!("pack/{existing}"), "existing");
        let before = content(&sandbox.path("pack"));
        for more in ["", "--dry-run"] {
            let output = sandbox.kt_line(&format!("init --dir pack {more} -o json"));
            let output = output.run();
            let error = output.exits(6).stdout_is_empty().error();
            assert_eq!(error["id"], "file-exists");
            assert_eq!(
                error["data"]["files"],
                json!([format!("pack/{existing}")]),
                "{error}"
            );
        }
        let text = sandbox.kt_line("init --dir pack").run();
        text.exits(6)
            .stderr_contains(&format!("`pack/{existing}` already exists"));
        assert_eq!(content(&sandbox.path("pack")), before);
    }
    let sandbox = Sandbox::new();
    sandbox.kt_line("init").run().ok();
    let before = content(&sandbox.path(""));
    let again = sandbox.kt_line("init --template dlp").run();
    again
        .exits(6)
        .stderr_contains("`policy-config.yaml`, `tests/question.json` already exist");
    assert_eq!(content(&sandbox.path("")), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    let output = sandbox.kt_line("init --dir pack --dry-run -o json").run();
    let planned = output.ok().json();
    assert_eq!(planned["result"], "would-write");
    assert!(!sandbox.path("pack").exists());
    let written = sandbox.kt_line("init --dir pack -o json").run();
    let written = written.ok().json();
    assert_eq!(written["result"], "written");
    assert_eq!(written["files"], planned["files"]);
    let files = files_below(&sandbox.path("pack"), &[]);
    let count = written["files"].as_array().map(Vec::len);
    assert_eq!(
        Some(files.len()),
        count,
        "no temporary file is left: {files:?}"
    );
}

#[test]
fn a_template_is_selected_by_name_or_alias() {
    let sandbox = Sandbox::new();
    let long = sandbox.kt_line("init --template prompt-injection-detection -o json");
    let value = long.run().ok().json();
    assert_eq!(value["template"], "prompt-injection");
    let unknown = sandbox.kt_line("init --template dpl --dir other").run();
    unknown.exits(2).stdout_is_empty().stderr_contains("dlp");
}

#[test]
fn a_directory_that_is_not_writable_is_an_error() {
    let sandbox = Sandbox::unprivileged();
    let locked = sandbox.path("locked");
    sandbox.write("locked/tests/other.json", "{}");
    let read_only = fs::Permissions::from_mode(0o555);
    fs::set_permissions(locked.join("tests"), read_only).expect("the mode can be changed");
    let output = sandbox.kt_line("init --dir locked").run();
    output
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("cannot write `locked/tests/");
    assert_eq!(files_below(&locked, &[]).len(), 1, "{output}");
}
