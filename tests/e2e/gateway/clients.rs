//! Official client libraries against a gateway.

use super::world::{Mode, World, example};
use crate::harness::{tool_at, workspace};

#[test]
fn the_openai_client_works_unchanged() {
    let Some(python) = tool_at(&workspace().join("target/test-venv/bin/python3")) else {
        return;
    };
    let world = World::new(Mode::Embedded);
    world.sandbox.write("policy-config.yaml", example());
    world.create("policy-config.yaml");
    let gateway = world.run("");
    let script = workspace().join("tests/e2e/clients/openai_client.py");
    let output = world
        .sandbox
        .program(&python)
        .arg(script)
        .arg(format!("http://127.0.0.1:{}/v1", gateway.port))
        .run();
    output.ok().stdout_contains("all checks passed");
}
