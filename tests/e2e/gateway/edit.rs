//! `kt gateway edit`, with scripts as editors.

use super::world::{Mode, World, example, with_upstream};
use crate::harness::{CommandOutput, TestCommand, tool};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

fn world() -> World {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world
}

/// Returns the command with an editor that runs a script on the file `$1`.
fn edit(world: &World, script: &str, more: &str) -> TestCommand {
    world.sandbox.write("editor", format!("set -e\n{script}\n"));
    let editor = format!("sh {}", world.sandbox.path("editor").display());
    let line = format!("gateway edit --id production {more}");
    world.kt(&line).env("EDITOR", editor)
}

/// Returns the file in which an edit was kept.
fn kept(output: &CommandOutput) -> PathBuf {
    let error = output.error();
    PathBuf::from(error["data"]["file"].as_str().expect("an edit is kept"))
}

fn drafts(world: &World) -> usize {
    let files = fs::read_dir(world.sandbox.root().join("tmp")).expect("it is there");
    files
        .filter(|file| {
            let file = file.as_ref().expect("it can be read");
            file.file_name().to_string_lossy().starts_with("kt-edit-")
        })
        .count()
}

#[test]
fn an_edit_is_published_and_applied() {
    let world = world();
    let gateway = world.run("");
    let script = "sed -i 's/action: redact/action: block/' \"$1\"";
    let output = edit(&world, script, "--yes -m tighter -o json").run();
    let value = output.ok().json();
    assert_eq!(
        (&value["result"], &value["version"]),
        (&json!("applied"), &json!(2))
    );
    assert_eq!(value["changes"][1]["path"], "policy.pii-detector.action");
    assert_eq!(world.inspect()["history"][0]["message"], "tighter");
    let config = world.kt("gateway config --id production").run();
    let expected = example().replace("action: redact", "action: block");
    assert_eq!(config.ok().stdout, expected, "comments are kept");
    assert_eq!(drafts(&world), 0);
    gateway.stop().ok();
}

#[test]
fn an_unchanged_or_empty_file_changes_nothing() {
    let world = world();
    for script in [
        "true",
        ": > \"$1\"",
        "echo '  ' > \"$1\"",
        "echo '# a comment' >> \"$1\"",
    ] {
        let output = edit(&world, script, "--yes -o json").run();
        assert_eq!(output.ok().at("/result"), "unchanged", "{script}");
    }
    assert_eq!(world.inspect()["desired"]["version"], 1);
    assert_eq!(drafts(&world), 0);
    edit(&world, "exit 3", "--yes").run().exits(7);
    edit(&world, "true", "")
        .run()
        .exits(2)
        .stderr_contains("--yes");
    let absent = world
        .kt("gateway edit --yes")
        .env("VISUAL", "absent-editor");
    absent.run().exits(7).stderr_contains("absent-editor");
}

#[test]
fn an_edit_that_cannot_be_published_is_kept() {
    let world = world();
    let script = "sed -i 's/action: redact/action: redakt/' \"$1\"";
    let output = edit(&world, script, "--yes -o json").run();
    let file = kept(output.exits(2));
    let error = output.error();
    assert!(
        error["problems"][0]["location"]["line"].as_u64() > Some(1),
        "{error}"
    );
    assert!(
        fs::read_to_string(&file)
            .expect("it is kept")
            .contains("redakt")
    );
    // Another user publishes a version while the editor is open.
    world
        .sandbox
        .write("other.yaml", example().replace("1.4.0", "1.4.1"));
    let kt = world.sandbox.dist().join("bin/kt");
    let script = format!(
        "sed -i 's/action: redact/action: block/' \"$1\"\n{} gateway reload --file other.yaml --no-wait >/dev/null 2>&1",
        kt.display()
    );
    let output = edit(&world, &script, "--yes -o json").run();
    let file = kept(output.exits(6));
    assert!(
        fs::read_to_string(&file)
            .expect("it is kept")
            .contains("action: block")
    );
    assert_eq!(world.inspect()["desired"]["version"], 2);
    // The gateway rejects it.
    let gateway = world.run("--outbound-port 443");
    let elsewhere = with_upstream("http://127.0.0.1:9", "");
    world.sandbox.write("elsewhere.yaml", elsewhere);
    let output = edit(&world, "cat elsewhere.yaml > \"$1\"", "--yes -o json").run();
    kept(output.exits(10));
    gateway.stop().ok();
}

#[test]
fn an_invalid_edit_is_offered_again_and_confirmed() {
    let Some(setsid) = tool("setsid") else {
        return;
    };
    let world = world();
    let script = "if [ -e second ]; then sed -i 's/redakt/block/' \"$1\"\n\
                  else touch second; sed -i 's/action: redact/action: redakt/' \"$1\"; fi";
    let mut session = edit(&world, script, "--no-wait").in_terminal(&setsid, 80);
    session.wait_for("did you mean");
    session.wait_for("edit it again?");
    session.enter("y\n");
    session.wait_for("policy.pii-detector.action: redact → block");
    session.wait_for("publish it as version 2");
    session.enter("y\n");
    assert_eq!(session.wait(), Some(0));
    assert_eq!(world.inspect()["desired"]["version"], 2);
    let script = "sed -i 's/prompt-injection, pii-detector/pii-detector/' \"$1\"";
    let mut session = edit(&world, script, "").in_terminal(&setsid, 80);
    session.wait_for("WEAKENS");
    session.enter("n\n");
    assert_eq!(session.wait(), Some(2));
    session.wait_for("the edit is kept in");
    assert_eq!(world.inspect()["desired"]["version"], 2);
}
