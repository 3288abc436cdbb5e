//! `kt policy lint`.

use crate::harness::{CommandOutput, Sandbox, workspace};
use serde_json::json;
use std::fs;

/// A valid pattern whose automaton is larger than the limit of a gateway.
const HUGE: &str = "  dlp-filter: {detect_patterns: ['(\\pL{1,400}[0-9]{1,400}){1,50}']}\n";

fn example() -> String {
    let path = workspace().join("docs/examples/policy-config.yaml");
    fs::read_to_string(path).expect("the example exists")
}

fn small(more: &str) -> String {
    format!(
        "pack: {{name: small, version: 1.0.0, enabled: true}}\n\
         providers: {{targets: [{{id: echo, provider: echo}}]}}\n\
         policies: {{chain: [dlp-filter]}}\npolicy:\n{more}"
    )
}

fn lint(sandbox: &Sandbox, rest: &str) -> CommandOutput {
    sandbox.kt_line(&format!("policy lint {rest}")).run()
}

#[test]
fn a_valid_file_is_summarized() {
    let sandbox = Sandbox::new();
    sandbox.write("policy-config.yaml", example());
    let text = lint(&sandbox, "--file policy-config.yaml");
    assert_eq!(
        text.ok().stdout,
        "policy-config.yaml is valid\n\
         Pack: support-gateway (v1.4.0)\n\
         Chain: prompt-injection -> pii-detector -> dlp-filter -> secrets -> audit-logger\n\
         Policies validated: 5\n"
    );
    let value = lint(&sandbox, "--file policy-config.yaml -o json");
    let value = value.ok().json();
    assert_eq!(value["valid"], true);
    assert_eq!(
        value["pack"],
        json!({ "name": "support-gateway", "version": "1.4.0" })
    );
    assert_eq!(value["chain"][4], "audit-logger");
    assert_eq!(value["policy_count"], 5);
    let piped = sandbox
        .kt_line("policy lint --file -")
        .stdin(example())
        .run();
    piped.ok().stdout_contains("<stdin> is valid");
}

#[test]
fn every_problem_is_reported_with_its_location() {
    let sandbox = Sandbox::new();
    let broken = example()
        .replace("action: redact", "action: redakt")
        .replace("retention_days: 365", "retention: 365");
    sandbox.write("broken.yaml", &broken);
    let text = lint(&sandbox, "--file broken.yaml");
    text.exits(1)
        .stdout_contains("broken.yaml is not valid: 3 problems\n")
        .stdout_contains("did you mean `redact`?")
        .stdout_contains("error[E002]: unknown key `retention`");
    let create = sandbox
        .kt_line("gateway create --name x --file broken.yaml")
        .run();
    let value = lint(&sandbox, "--file broken.yaml -o json");
    let value = value.exits(1).json();
    assert_eq!(value["valid"], false);
    assert!(value["pack"].is_null(), "{value}");
    let errors = value["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 3, "{value}");
    for error in errors {
        let location = format!("broken.yaml:{}:{}", error["line"], error["column"]);
        text.stdout_contains(&location);
        create.exits(2).stderr_contains(&location);
        assert_eq!(error["stage"], "check");
    }
    assert_eq!(errors[0]["path"], "policy.pii-detector.action");
    assert_eq!(errors[0]["suggestion"], "redact");
}

#[test]
fn a_configuration_that_a_gateway_would_reject_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("huge.yaml", small(HUGE));
    let text = lint(&sandbox, "--file huge.yaml");
    text.exits(1)
        .stdout_contains("huge.yaml is well formed, but a gateway would reject it: 1 problem\n")
        .stdout_contains("error[E017]")
        .stdout_contains("huge.yaml:5:");
    let value = lint(&sandbox, "--file huge.yaml -o json");
    let value = value.exits(1).json();
    assert_eq!(value["valid"], false);
    assert_eq!(value["errors"][0]["stage"], "compile");
    assert_eq!(value["pack"]["name"], "small");
    let run = sandbox
        .kt_line("gateway run --policy-config huge.yaml --listen 127.0.0.1:0")
        .run();
    run.exits(2).stderr_contains("E017");
}

#[test]
fn a_typo_in_a_minified_file_prints_a_part_of_the_line() {
    let sandbox = Sandbox::new();
    let terms: Vec<String> = (0..3000).map(|i| format!("größe {i}")).collect();
    let file = json!({
        "pack": { "name": "small", "version": "1.0.0", "enabled": true },
        "policies": { "chain": ["dlp-filter"] },
        "policy": { "dlp-filter": { "blocked_terms": terms, "action": "redakt" } },
    });
    sandbox.write("minified.yaml", file.to_string());
    let output = lint(&sandbox, "--file minified.yaml");
    output
        .exits(1)
        .stdout_contains("did you mean `redact`?")
        .stdout_contains("größe 2999");
    assert!(output.stdout.len() < 1000, "{output}");
    let create = "gateway create --name x --file minified.yaml";
    let create = sandbox.kt_line(create).run();
    create.exits(2).stderr_contains("did you mean `redact`?");
    assert!(create.stderr.len() < 1500, "{create}");
}

#[test]
fn warnings_are_errors_only_with_strict() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "base.yaml",
        small("  dlp-filter: {blocked_terms: [falcon ledger]}\n"),
    );
    sandbox.write("more.yaml", "policy:\n  pii-detector: {}\n");
    let layered = "--file base.yaml --file more.yaml";
    lint(&sandbox, "--file base.yaml --strict").ok();
    let text = lint(&sandbox, layered);
    text.ok()
        .stdout_contains("base.yaml, more.yaml is valid, with 1 warning\n")
        .stdout_contains("warning[W001]")
        .stdout_contains("more.yaml:2:");
    let strict = lint(&sandbox, &format!("{layered} --strict -o json"));
    let value = strict.exits(1).json();
    assert_eq!(value["valid"], true);
    assert_eq!(value["warnings"][0]["code"], "W001");
    assert_eq!(value["errors"], json!([]));
}

#[test]
fn an_unreadable_file_is_an_error() {
    let sandbox = Sandbox::new();
    let absent = lint(&sandbox, "--file absent.yaml");
    absent
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("absent.yaml");
    sandbox.write("binary.yaml", b"pack: \xff\xfe");
    lint(&sandbox, "--file binary.yaml")
        .exits(2)
        .stdout_is_empty();
    lint(&sandbox, "")
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("FILE");
}
