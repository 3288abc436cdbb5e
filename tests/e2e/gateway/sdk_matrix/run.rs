//! Runs all scenarios of one client.

use super::row::{Row, assert_row};
use super::upstream::Upstream;
use crate::gateway::{Gateway, Mode, World};
use crate::harness::{TIMEOUT, TestCommand, tool_at, wait_until, workspace};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Some clients take seconds to load.
const LIMIT: Duration = Duration::from_secs(180);

/// The environments that `tests/scripts/setup.sh` installs clients in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Environment {
    Python,
    /// Python with version 2 of the OpenAI client.
    PythonOpenAi2,
    Node,
}

impl Environment {
    fn program(self) -> &'static str {
        match self {
            Self::Python => "target/test-venv/bin/python3",
            Self::PythonOpenAi2 => "target/test-venv-openai-2/bin/python3",
            Self::Node => "target/test-node/node_modules/.bin/node",
        }
    }

    /// Returns the command of the driver.
    fn driver(self, world: &World, program: &Path) -> TestCommand {
        let clients = workspace().join("tests/e2e/clients");
        let command = world.sandbox.program(program);
        match self {
            Self::Python | Self::PythonOpenAi2 => command
                .arg(clients.join("python/driver.py"))
                .env("PYTHONDONTWRITEBYTECODE", "1"),
            Self::Node => {
                // Modules are resolved from the folder of the script.
                let modules = workspace().join("target/test-node/node_modules");
                let link = world.sandbox.path("node_modules");
                std::os::unix::fs::symlink(modules, link).expect("the sandbox is writable");
                let files = std::fs::read_dir(clients.join("node")).expect("it is in the tree");
                for file in files.flatten() {
                    let to = world.sandbox.path(&file.file_name().to_string_lossy());
                    std::fs::copy(file.path(), to).expect("the sandbox is writable");
                }
                command.arg(world.sandbox.path("driver.mjs"))
            }
        }
    }
}

/// Runs a client, and compares its row of the matrix.
///
/// # Panics
/// When the row differs.
pub(super) fn check(environment: Environment, title: &str, client: &str) {
    let Some(program) = tool_at(&workspace().join(environment.program())) else {
        return;
    };
    let upstream = Upstream::start();
    let world = World::new(Mode::Embedded);
    let gateway = start(&world, &upstream);
    let input = json!({
        "client": client,
        "base_url": format!("http://127.0.0.1:{}/v1", gateway.port),
        "metrics_url": format!("http://127.0.0.1:{}/metrics", gateway.admin_port),
        "gate_url": format!("{}/v1/chat/completions", upstream.provider.url()),
        "models": upstream.models(),
        "expected": upstream.expectations(),
    });
    let output = environment
        .driver(&world, &program)
        .arg(input.to_string())
        .limit(LIMIT)
        .run();
    let mut result: Value = output.ok().json();
    if result["failures"]["cancellation"].is_null() {
        wait_until("the gateway to close the upstream", TIMEOUT, || {
            (upstream.provider.cancelled() == 1).then_some(())
        });
    }
    let failures = result["failures"].take();
    assert_row(&Row::new(title, &result, &failures), &failures);
}

fn start(world: &World, upstream: &Upstream) -> Gateway {
    let config = format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{}', aliases: [{}]}}\n\
         policies: {{chain: [prompt-injection, pii-detector, dlp-filter]}}\n\
         policy:\n  prompt-injection: {{response: {{action: block}}}}\n  \
         pii-detector: {{action: redact, redaction: {{marker_format: label}}}}\n  \
         dlp-filter: {{action: block, blocked_terms: [project nightjar]}}\n",
        upstream.provider.url(),
        upstream.models().join(", ")
    );
    world.sandbox.write("c.yaml", config);
    world.create("c.yaml");
    world.run("")
}
