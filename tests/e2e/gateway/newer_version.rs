//! A newer version of kt that shares a store file with a gateway of this version.

use super::world::{Mode, World, example};
use crate::harness::{TIMEOUT, execute_sql, http, tool, wait_until};

/// A migration by a later version: it adds tables and columns, and records the oldest
/// version that may write.
const MIGRATED: &str = "
    CREATE TABLE tags(gateway_id TEXT NOT NULL, tag TEXT NOT NULL) STRICT;
    ALTER TABLE gateways ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
    PRAGMA user_version = 99;";
const CLOSED: &str = "UPDATE meta SET v = '98' WHERE k = 'oldest_writer';";
const OPEN: &str = "UPDATE meta SET v = '1' WHERE k = 'oldest_writer';";

#[test]
fn a_newer_version_migrates_the_file_of_a_running_gateway() {
    let Some(python) = tool("python3") else {
        return;
    };
    let world = World::new(Mode::Embedded);
    let config = |name: &str, action: &str| {
        let text = example().replace("action: redact", action);
        world.sandbox.write(name, text);
    };
    config("block.yaml", "action: block");
    config("redact.yaml", "action: redact");
    world.create("redact.yaml");
    let gateway = world.run("");
    let reload = |file: &str| {
        let line = format!("gateway reload --id production --file {file}");
        world.kt(&line).run()
    };
    let status = || gateway.chat("m", "bob@example.com").status;

    execute_sql(&world.sandbox, &python, MIGRATED);
    reload("block.yaml").ok();
    assert_eq!(status(), 400, "it works with the newer file");
    world.until_state("in-sync");
    world.kt("audit verify").run().ok();

    execute_sql(&world.sandbox, &python, CLOSED);
    reload("redact.yaml")
        .exits(9)
        .stdout_is_empty()
        .stderr_contains("upgrade kt");
    assert_eq!(status(), 400, "the last applied configuration is active");
    let ready = http(gateway.admin_port, "GET", "/readyz", &[], "");
    assert_eq!(ready.expect("it responds").status, 200);

    execute_sql(&world.sandbox, &python, OPEN);
    reload("redact.yaml").ok();
    wait_until("the newest version", TIMEOUT, || {
        (status() == 200).then_some(())
    });
    let versions = world.kt("gateway versions --id production -o json").run();
    let versions = versions.ok().json();
    assert_eq!(versions.as_array().map(Vec::len), Some(3), "{versions}");
    gateway.stop().ok();
}
