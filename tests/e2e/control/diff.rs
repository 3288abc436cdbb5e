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
