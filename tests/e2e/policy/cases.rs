//! `kt policy test`.

use crate::harness::{CommandOutput, Sandbox};
use serde_json::json;

/// Redacts personal data, blocks a term.
const POLICY: &str = "\
pack: {name: small, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: [pii-detector, dlp-filter]}
policy:
  pii-detector: {action: redact}
  dlp-filter: {action: block, blocked_terms: [falcon ledger]}
";

fn case(name: &str, text: &str, verdict: &str) -> String {
    let messages = json!([{ "role": "user", "content": text }]);
    let expected = json!({ "verdict": verdict });
    json!({ "name": name, "input": { "messages": messages }, "expected": expected }).to_string()
}

fn pack() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pack/policy-config.yaml", POLICY);
    sandbox.write(
        "pack/tests/a.json",
        case("mail", "I am bob@example.com", "redact"),
    );
    let yaml = "name: answer\n\
        input:\n  messages: [{role: user, content: hello}]\n  upstream_response: the falcon ledger\n\
        expected: {verdict: block, reason_code: dlp.detected}\n";
    sandbox.write("pack/tests/b.yaml", yaml);
    sandbox.write("pack/tests/README.md", "no case");
    sandbox
}

fn test(sandbox: &Sandbox, rest: &str) -> CommandOutput {
    sandbox.kt_line(&format!("policy test {rest}")).run()
}

#[test]
fn passed_cases_are_listed() {
    let sandbox = pack();
    let table = test(&sandbox, "--pack-dir pack");
    table
        .ok()
        .stdout_contains("mail    true    redact   -")
        .stdout_contains("answer  true    block    dlp.detected")
        .stderr_contains("2 of 2 cases passed");
    let value = test(&sandbox, "--pack-dir pack -o json").ok().json();
    assert_eq!(value["ok"], true);
    let answer = &value["results"][1];
    assert_eq!(answer["file"], "pack/tests/b.yaml");
    assert_eq!(answer["reason_code"], "dlp.detected");
    assert_eq!(answer["details"]["code"], "output_blocked");
    let here = sandbox.kt_line("policy test").cwd(&sandbox.path("pack"));
    here.run().ok().stderr_contains("2 of 2");
    test(&sandbox, "--file pack/policy-config.yaml")
        .ok()
        .stderr_contains("2 of 2");
    test(&sandbox, "--pack-dir pack --case mail")
        .ok()
        .stderr_contains("1 of 1");
}

#[test]
fn a_failed_case_shows_expected_and_actual_result() {
    let sandbox = pack();
    sandbox.write("pack/tests/c.json", case("ledger", "hello", "block"));
    let table = test(&sandbox, "--pack-dir pack");
    table
        .exits(1)
        .stdout_contains("case `ledger` failed (pack/tests/c.json)")
        .stdout_contains("expected: block\n")
        .stdout_contains("got:      allow, reason none\n")
        .stderr_contains("2 of 3 cases passed");
    let value = test(&sandbox, "--pack-dir pack -o json").exits(1).json();
    assert_eq!(value["ok"], false);
    let failed = &value["results"][2];
    assert_eq!(failed["passed"], false);
    assert_eq!(failed["details"]["expected"]["verdict"], "block");
    // A layer that weakens the configuration lets cases fail.
    sandbox.write("off.yaml", "pack: {enabled: false}\n");
    let layered = "--file pack/policy-config.yaml --file off.yaml --case mail";
    test(&sandbox, layered)
        .exits(1)
        .stdout_contains("got:      allow");
}

#[test]
fn what_decided_is_shown_when_it_is_asked_for() {
    let sandbox = pack();
    let table = test(&sandbox, "--pack-dir pack --explain");
    table
        .ok()
        .stdout_contains("case `mail`\n  input, message 0: pii-detector found email: \"bob@example.com\"")
        .stdout_contains("case `answer`\n  output: dlp-filter found term, policy.dlp-filter.blocked_terms: \"falcon ledger\"");
    let value = test(&sandbox, "--pack-dir pack --explain -o json")
        .ok()
        .json();
    let found = &value["results"][0]["explanations"][0];
    assert_eq!(
        (&found["kind"], &found["found"]),
        (&json!("email"), &json!("bob@example.com"))
    );
    let value = test(&sandbox, "--pack-dir pack -o json").ok().json();
    assert!(value["results"][0].get("explanations").is_none());
}

#[test]
fn an_invalid_pack_is_an_error_and_not_a_failure() {
    let sandbox = pack();
    test(&sandbox, "")
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("policy-config.yaml");
    test(&sandbox, "--pack-dir pack --case other")
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("there are: mail, answer");
    let odd = case("odd", "hello", "allow").replace("\"content\"", "\"contnet\"");
    sandbox.write("pack/tests/c.json", odd);
    sandbox.write(
        "pack/tests/d.yaml",
        "name: d\ninput: {messages: []}\nexpected: {verdict: deny}\n",
    );
    let column = r#"{"name":"odd","input":{"messages":[{"role":"user","#.len() + 1;
    let output = test(&sandbox, "--pack-dir pack");
    output
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("the cases have 2 problems")
        .stderr_contains(&format!("pack/tests/c.json:1:{column}"))
        .stderr_contains("did you mean `content`?")
        .stderr_contains("pack/tests/d.yaml:3:21");
    let error = test(&sandbox, "--pack-dir pack -o json").exits(2).error();
    assert_eq!(error["id"], "invalid-cases");
    sandbox.write("empty/policy-config.yaml", POLICY);
    for folder in ["", "empty/tests/README.md"] {
        if !folder.is_empty() {
            sandbox.write(folder, "no case");
        }
        test(&sandbox, "--pack-dir empty")
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("there is no case in `empty/tests`");
    }
    sandbox.write(
        "pack/policy-config.yaml",
        POLICY.replace("redact", "redakt"),
    );
    let broken = test(&sandbox, "--pack-dir pack");
    broken
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("pack/policy-config.yaml:5:");
}
