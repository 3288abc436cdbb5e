//! `kt gateway diff --format json-patch`.

use crate::harness::{Ran, Sandbox, workspace};
use serde_json::{Value, json};
use std::fs;

fn example() -> String {
    let path = workspace().join("docs/examples/policy-config.yaml");
    fs::read_to_string(path).expect("the example is there")
}

/// A gateway with the example, and the file `changed.yaml`.
fn changed(from: &str, to: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", example());
    assert!(example().contains(from), "`{from}` is not in the example");
    sandbox.write("changed.yaml", example().replace(from, to));
    let create = "gateway create --name production --file policy.yaml";
    sandbox.kt_line(create).run().ok();
    sandbox
}

fn diff(sandbox: &Sandbox, rest: &str) -> Ran {
    let line = format!("gateway diff --id production --format json-patch {rest}");
    sandbox.kt_line(&line).run()
}

#[test]
fn the_patch_is_all_that_is_on_stdout() {
    let sandbox = changed(
        "[prompt-injection, pii-detector,",
        "[pii-detector, prompt-injection,",
    );
    let patch = diff(&sandbox, "--file changed.yaml");
    assert_eq!(
        patch.exits(1).json(),
        json!([{ "op": "move", "from": "/policies/chain/1", "path": "/policies/chain/0" }])
    );
    patch.err_has("--if-match").err_lacks("mask");
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
fn the_exit_codes_stay() {
    let sandbox = changed("      action: block\n", "      action: log\n");
    diff(&sandbox, "--file changed.yaml").exits(1);
    let weakens = diff(&sandbox, "--file changed.yaml --fail-on-weaken");
    let path = "/policy/prompt-injection/response/action";
    assert_eq!(
        weakens.exits(12).json(),
        json!([{ "op": "replace", "path": path, "value": "log" }])
    );
    diff(&sandbox, "--file absent.yaml").exits(2).silent();
}

#[test]
fn a_masked_value_is_said_to_be_masked() {
    let sandbox = changed("env: OPENAI_API_KEY", "env: CANARY_KEY");
    let patch = diff(&sandbox, "--file changed.yaml");
    patch
        .exits(1)
        .out_lacks("CANARY_KEY")
        .err_has("holds its mask");
    let patch: Value = patch.json();
    assert_eq!(patch[0]["path"], "/providers/targets/1/secret_key_ref/env");
    let value = patch[0]["value"].as_str().unwrap_or_default();
    assert!(value.starts_with("‹redacted "), "{patch}");
}
