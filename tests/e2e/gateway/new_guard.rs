//! `kt plugin new --kind guard`: from the template to a gateway that the guard protects.

use super::plugin_guard::{config, last_content};
use super::provider::Provider;
use super::world::{Mode, World, body};
use crate::harness::tool;
use crate::plugins::{create, make, sdk};

/// Creates a guard, runs its tests, one of which prints `expected`, installs it and uses it.
fn guard_works(options: &str, expected: &str) {
    let (Some(make_program), Some(tar)) = (tool("make"), tool("tar")) else {
        return;
    };
    let world = World::new(Mode::Embedded);
    let sandbox = &world.sandbox;
    let root = sandbox.root();
    create(sandbox, &format!("{options} --kind guard my-guard")).ok();
    make(sandbox, &make_program, "my-guard", "test")
        .run()
        .ok()
        .stdout_contains(expected)
        .stdout_contains("case redacts listed words")
        .stderr_contains("20 passed, 0 failed, 0 skipped");
    let archive = root.join("my-guard.tar.gz");
    let tar = sandbox.program(&tar).args(["-C", "my-guard/build", "-czf"]);
    tar.arg(&archive).arg("my-guard").cwd(root).run().ok();
    let install = sandbox.kt_line("plugin install --yes");
    install.arg(&archive).run().ok();

    let provider = Provider::start();
    let settings = "{settings: {redact: [falcon], block: [launch code]}}";
    sandbox.write("one.yaml", config(&provider, "my-guard", settings));
    world.create("one.yaml");
    let gateway = world.run("");
    let redacted = gateway.chat("m", "é😀 the Falcon, not falcons");
    assert_eq!(redacted.status, 200, "{}", redacted.body);
    assert_eq!(last_content(&provider), "é😀 the [WORD_1], not falcons");
    let blocked = gateway.chat("m", "é tell me the Launch Code");
    assert_eq!(blocked.status, 400, "{}", blocked.body);
    let error = &body(&blocked)["error"];
    assert_eq!(error["policy"], "plugin:my-guard", "{error}");
    assert_eq!(provider.received().len(), 1, "nothing was sent");
}

#[test]
fn a_new_guard_in_c_protects_a_gateway() {
    if tool("cc").is_some() {
        guard_works("--lang c", "words.h: ok");
    }
}

#[test]
fn a_new_guard_in_rust_protects_a_gateway() {
    let options = format!("--lang rust {}", sdk());
    guard_works(&options, "whole_words_are_found ... ok");
}

#[test]
fn a_new_guard_in_python_protects_a_gateway() {
    if tool("python3").is_some() {
        guard_works("--lang python", "python3 -m unittest");
    }
}
