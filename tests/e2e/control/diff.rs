//! `kt gateway diff --format json-patch`, and the comparison by a server.

use crate::gateway::Server;
use crate::harness::{CommandOutput, Sandbox, workspace};
use serde_json::{Value, json};
use std::fs;

fn example() -> String {
    let path = workspace().join("docs/examples/policy-config.yaml");
    fs::read_to_string(path).expect("the example is there")
}

/// Returns a sandbox with a gateway that has the example, and the file `changed.yaml`.
fn changed(from: &str, to: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", example());
    assert!(example().contains(from), "`{from}` is not in the example");
    sandbox.write("changed.yaml", example().replace(from, to));
    let create = "gateway create --name production --file policy.yaml";
    sandbox.kt_line(create).run().ok();
    sandbox
}

fn diff(sandbox: &Sandbox, rest: &str) -> CommandOutput {
    let line = format!("gateway diff --id production --format json-patch {rest}");
    sandbox.kt_line(&line).run()
}

#[test]
fn only_the_patch_is_on_stdout() {
    let sandbox = changed(
        "[prompt-injection, pii-detector,",
        "[pii-detector, prompt-injection,",
    );
    let patch = diff(&sandbox, "--file changed.yaml");
    assert_eq!(
        patch.exits(1).json(),
        json!([{ "op": "move", "from": "/policies/chain/1", "path": "/policies/chain/0" }])
    );
    patch.stderr_contains("--if-match").stderr_excludes("mask");
    let same = diff(&sandbox, "--file policy.yaml");
    assert_eq!(same.ok().json(), json!([]));
    let whole = diff(&sandbox, "--file changed.yaml -o json");
    let whole = whole.exits(1).json();
    assert_eq!(whole["patch"], patch.json());
    assert_eq!(whole["patch_masked"], false);
    for member in ["base", "target", "changes", "summary", "impact", "etag"] {
        assert!(!whole[member].is_null(), "no `{member}` in {whole}");
    }
}

#[test]
fn the_exit_codes_are_those_of_other_formats() {
    let sandbox = changed("      action: block\n", "      action: log\n");
    diff(&sandbox, "--file changed.yaml").exits(1);
    let weakens = diff(&sandbox, "--file changed.yaml --fail-on-weaken");
    let path = "/policy/prompt-injection/response/action";
    assert_eq!(
        weakens.exits(12).json(),
        json!([{ "op": "replace", "path": path, "value": "log" }])
    );
    diff(&sandbox, "--file absent.yaml")
        .exits(2)
        .stdout_is_empty();
}

#[test]
fn a_masked_value_is_reported_as_masked() {
    let sandbox = changed("env: OPENAI_API_KEY", "env: CANARY_KEY");
    let patch = diff(&sandbox, "--file changed.yaml");
    patch
        .exits(1)
        .stdout_excludes("CANARY_KEY")
        .stderr_contains("are masked in the patch");
    let patch: Value = patch.json();
    assert_eq!(patch[0]["path"], "/providers/targets/1/secret_key_ref/env");
    let value = patch[0]["value"].as_str().unwrap_or_default();
    assert!(value.starts_with("‹redacted "), "{patch}");
}

#[test]
fn a_server_returns_the_same_diff_as_the_command() {
    let server = Server::start();
    server.home.write("policy.yaml", example());
    let weaker = example().replace("[prompt-injection, pii-detector,", "[pii-detector,");
    assert_ne!(weaker, example(), "the example has this guard");
    server
        .home
        .write("weaker.yaml", weaker.replace("1.4.0", "2.0.0"));
    let kt = |line: &str| server.home.kt_line(line).run();
    kt("gateway create --name edge --file policy.yaml").ok();
    let command = kt("gateway diff --file weaker.yaml --against version:1 -o json");
    kt("gateway reload --file weaker.yaml --no-wait").ok();
    let line = "GET /v1/gateways/edge/config-versions/2/diff?against=1";
    let reply = server.send(&server.token, line, None).expect("an answer");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let sent: Value = serde_json::from_str(&reply.body).expect("it is JSON");
    let expected = command.exits(1).json();
    assert_ne!(
        expected["impact"]["guards_weakened"],
        json!([]),
        "{expected}"
    );
    assert_eq!(sent["diff"]["impact"], expected["impact"]);
    assert_eq!(sent["diff"]["patch"], expected["patch"]);
    assert_eq!(
        (sent["from"]["version"].as_u64(), sent["same"].as_bool()),
        (Some(1), Some(false))
    );
    assert!(
        sent["unified"]
            .as_str()
            .is_some_and(|text| text.contains("+++ version 2"))
    );
}

#[test]
fn any_two_versions_and_files_are_compared() {
    let sandbox = changed("action: redact", "action: block");
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("gateway reload --id production --file changed.yaml --no-wait").ok();
    let line = "~ policy.pii-detector.action: redact → block";
    for selection in [
        "--from 1 --to 2",
        "--from version:1",
        "--from 1 --to desired",
        "--from 1 --file changed.yaml",
        "--from policy.yaml --to 2",
        "--from policy.yaml --to changed.yaml",
    ] {
        let output = kt(&format!("gateway diff --id production {selection}"));
        output.exits(1).stdout_contains(line);
    }
    let output = kt("gateway diff --from 2 --to 1 -o json");
    let value = output.exits(1).json();
    assert_eq!(value["base"]["version"], 2);
    assert_eq!(value["target"]["version"], 1);
    assert_eq!(value["target"]["kind"], "version");
    assert_eq!(value["schema"], "kt.gateway.diff/v1");
    output.stderr_contains("kt gateway revert production --version 1 --if-match");
    let unified = kt("gateway diff --from 1 --to 2 --format unified");
    unified
        .exits(1)
        .stdout_contains("--- version 1\n+++ version 2\n");
    let weaker = kt("gateway diff --from 2 --to 1 --fail-on-weaken");
    weaker.exits(12).stdout_contains("WEAKENS");
    kt("gateway diff --from 2 --to changed.yaml").ok();
    kt("gateway diff --from 1 --to 9").exits(5);
    kt("gateway diff --from 1 --to absent.yaml")
        .exits(2)
        .stderr_contains("absent.yaml");
    kt("gateway diff --from 1 --against 1").exits(2);
    kt("gateway diff --file changed.yaml --to 1").exits(2);
    kt("gateway diff")
        .exits(5)
        .stderr_contains("no applied configuration");
}

#[test]
fn two_files_need_no_gateway() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", example());
    sandbox.write("b.yaml", example().replace("1.4.0", "1.4.1"));
    let output = sandbox
        .kt_line("gateway diff --from a.yaml --to b.yaml -o json")
        .run();
    let value = output.exits(1).json();
    assert!(value["gateway"].is_null() && value["etag"].is_null());
    assert_eq!(value["base"]["file"], "a.yaml");
    output.stderr_excludes("to publish");
}

#[test]
fn everything_is_added_to_a_new_gateway() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", example());
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("gateway create --name production").ok();
    let output = kt("gateway diff --file policy.yaml -o json");
    let value = output.exits(1).json();
    let changes = value["changes"].as_array().expect("a list");
    assert!(changes.len() > 10 && changes.iter().all(|c| c["op"] == "added"));
    assert_eq!(value["base"]["kind"], "none");
    assert_eq!(value["impact"]["guards_weakened"], json!([]));
    kt("gateway diff --file policy.yaml")
        .exits(1)
        .stdout_contains("+ policy.pii-detector.action: redact")
        .stderr_contains("--if-match");
    kt("gateway diff --from desired --to desired")
        .exits(5)
        .stderr_contains("kt gateway reload --file");
}
