//! `kt policy schema`: what `kt policy lint` accepts is valid by the schema, and what has the
//! wrong form is not.

use crate::harness::{Sandbox, files_below, tool_at, workspace};
use serde_json::{Value, json};
use std::fs;

/// Replacements in the example that `kt policy lint` rejects for their form.
const WRONG_FORMS: [(&str, &str); 17] = [
    ("pack:", "pak:"),
    ("  name: support-gateway\n", ""),
    ("enabled: true", "enabled: maybe"),
    (
        "[prompt-injection, pii-detector",
        "[prompt-injektion, pii-detector",
    ),
    ("[prompt-injection, pii-detector", "[rbac, pii-detector"),
    ("  pii-detector:\n", "  pii-detecter:\n"),
    ("action: redact", "action: redakt"),
    ("action: redact", "actoin: redact"),
    ("action: redact", "action: 1"),
    (
        "action: redact",
        "action: redact\n    streaming_mode: strict",
    ),
    (
        "action: redact",
        "action: redact\n    healthcare_mode: true",
    ),
    ("custom_markers: {card:", "custom_markers: {cards:"),
    ("retention_days: 365", "retention_days: 0"),
    ("retention_days: 365", "retention_days: many"),
    (
        "retention_days: 365",
        "retention_days: 365\n    immutable: false",
    ),
    (
        "size_limits:",
        "size_limits:\n  max_body_bytes: 0\nrate_limits:",
    ),
    ("provider: ", "provder: "),
];

fn example() -> String {
    let path = workspace().join("docs/examples/policy-config.yaml");
    fs::read_to_string(path).expect("the example exists")
}

/// Returns every configuration of the repository.
fn configurations() -> Vec<(String, String)> {
    let folders = ["docs/examples", "plugins/gateway-config/templates"];
    let files = folders
        .iter()
        .flat_map(|folder| files_below(&workspace().join(folder), &[]));
    let yaml = files.filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    yaml.map(|path| {
        let text = fs::read_to_string(&path).expect("the file is text");
        (path.display().to_string(), text)
    })
    .collect()
}

#[test]
fn the_schema_accepts_valid_configurations_and_rejects_wrong_forms() {
    let sandbox = Sandbox::new();
    let schema = sandbox.kt_line("policy schema").run();
    let value: Value = serde_json::from_str(&schema.ok().stdout).expect("it is JSON");
    assert_eq!(value["title"], "policy-config.yaml");
    sandbox.write("schema.json", &schema.stdout);

    let valid = configurations();
    assert!(valid.len() >= 5, "{valid:?}");
    let mut input = String::new();
    let mut add = |label: &str, text: &str| {
        let lint = sandbox.kt_line("policy lint --file -").stdin(text).run();
        input.push_str(&format!("{}\n", json!({ "label": label, "text": text })));
        lint
    };
    for (name, text) in &valid {
        add(name, text).ok();
    }
    for (from, to) in WRONG_FORMS {
        let text = example();
        assert!(text.contains(from), "`{from}` is not in the example");
        add(to, &text.replacen(from, to, 1)).exits(1);
    }

    let Some(python) = tool_at(&workspace().join("target/test-venv/bin/python3")) else {
        return;
    };
    let script = workspace().join("tests/scripts/validate-configurations.py");
    let run = sandbox
        .program(&python)
        .arg(script)
        .arg("schema.json")
        .stdin(input)
        .run();
    let output = &run.ok().stdout;
    for (name, _) in &valid {
        let line = format!("valid {name}");
        assert!(output.lines().any(|known| known == line), "{output}");
    }
    let invalid = output
        .lines()
        .filter(|line| line.starts_with("invalid "))
        .count();
    assert_eq!(invalid, WRONG_FORMS.len(), "{output}");
}

/// Editors find the schema by the first lines of the templates.
#[test]
fn templates_name_the_schema() {
    let templates = configurations().into_iter();
    for (name, text) in templates.filter(|(name, _)| name.contains("/templates/")) {
        let line = "# yaml-language-server: $schema=policy-config.schema.json\n";
        assert!(text.starts_with(line), "{name}");
        assert!(
            text.contains("kt policy schema > policy-config.schema.json"),
            "{name}"
        );
    }
}
