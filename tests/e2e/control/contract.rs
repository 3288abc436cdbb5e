//! Every operation with generated requests that its OpenAPI description allows, and with others.

use crate::gateway::{Server, example};
use crate::harness::{tool_at, workspace};
use serde_json::Value;
use std::time::Duration;

/// Many times the usual duration.
const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn the_server_conforms_to_its_openapi_document() {
    let Some(schemathesis) = tool_at(&workspace().join("target/test-venv/bin/st")) else {
        return;
    };
    // Without limits, because a check sends requests without a token.
    let server = Server::with("--max-requests-per-second 0");
    server.home.write("policy-config.yaml", example());
    let kt = |line: &str| server.home.kt_line(line).run();
    kt("gateway create --name edge --file policy-config.yaml").ok();
    let spare = kt("token create --name spare --scope read -o name");
    let folder = workspace().join("tests/schemathesis");
    let output = server
        .home
        .program(&schemathesis)
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", server.url())])
        // Without `--checks all`, which overrides the exceptions of the configuration: all checks are
        // enabled by default.
        .args(["--max-examples", "10", "--seed", "1"])
        .args(["--no-color", "--header"])
        .arg(format!("Authorization: Bearer {}", server.token))
        .env("KT_TOKEN_ID", spare.ok().stdout.trim())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .limit(LIMIT)
        .run();
    let tested = format!("Tested: {}", tested_operations());
    output
        .ok()
        .stdout_contains(&tested)
        .stdout_contains("passed");
}

/// Returns the number of operations without those that send streams and the one that returns
/// the OpenAPI document.
fn tested_operations() -> usize {
    let text = std::fs::read_to_string(workspace().join("docs/openapi.json"));
    let api: Value = serde_json::from_str(&text.expect("it is there")).expect("it is JSON");
    let paths = api["paths"].as_object().expect("it has paths");
    let others = paths.iter().filter(|(path, _)| *path != "/openapi.json");
    let operations = others.filter_map(|(_, operations)| operations.as_object());
    operations
        .flat_map(|methods| methods.values())
        .filter(|operation| {
            let sent = &operation["responses"]["200"]["content"];
            sent["text/event-stream"].is_null() && sent["application/x-ndjson"].is_null()
        })
        .count()
}
