//! Changes that are rejected, superseded, or conflict.

use super::provider::Provider;
use super::world::{Mode, World, example, with_upstream};
use serde_json::{Value, json};

#[test]
fn an_invalid_file_changes_nothing_and_every_problem_has_a_location() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let gateway = world.run("");
    let broken = example()
        .replace(
            "chain: [prompt-injection, pii-detector",
            "chain: [prompt-injektion, pii-detector",
        )
        .replace("retention_days: 365", "retention: 365")
        .replace("strategy: ordered", "strategy: orderd");
    world.sandbox.write("broken.yaml", broken);
    let output = world
        .kt("gateway reload --id production --file broken.yaml")
        .run();
    output
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("broken.yaml:")
        .stderr_contains("did you mean `prompt-injection`?")
        .stderr_contains("did you mean `ordered`?");
    let output = world
        .kt("gateway reload --id production --file broken.yaml -o json")
        .run();
    let error = output.exits(2).stdout_is_empty().error();
    let problems = error["problems"]
        .as_array()
        .expect("every problem is listed")
        .clone();
    assert!(problems.len() >= 3, "{error}");
    for problem in &problems {
        let location = &problem["location"];
        assert_eq!(location["file"], "broken.yaml", "{problem}");
        assert!(
            location["line"].as_u64() > Some(1) && location["column"].as_u64() >= Some(1),
            "{problem}"
        );
    }
    assert_eq!(world.inspect()["desired"]["version"], 1);
    assert_eq!(gateway.chat("m", "still here").status, 200);
}

/// Configurations that pass the checks of the command, and are rejected by the gateway.
#[test]
fn a_rejected_configuration_is_reported_and_the_active_one_remains() {
    let provider = Provider::start();
    let world = World::new(Mode::Embedded);
    world
        .sandbox
        .write("good.yaml", with_upstream(&provider.url(), ""));
    world.create("good.yaml");
    let port = provider
        .url()
        .rsplit(':')
        .next()
        .expect("it has a port")
        .to_owned();
    let gateway = world.run(&format!("--outbound-port {port}"));
    let huge = with_upstream(&provider.url(), "").replace(
        "{action: redact}",
        "{action: redact, detect_patterns: ['(\\pL{1,400}[0-9]{1,400}){1,50}']}",
    );
    let elsewhere = with_upstream("http://127.0.0.1:9", "");
    let secret = format!(
        "{}gateway: {{strict: true}}\n",
        with_upstream(&provider.url(), ", secret_key_ref: {store: nobody-has-it}")
    );
    for (name, content, reason) in [
        ("huge.yaml", huge, "automaton"),
        ("elsewhere.yaml", elsewhere, "port"),
        ("secret.yaml", secret, "nobody-has-it"),
    ] {
        world.sandbox.write(name, &content);
        let output = world
            .kt(&format!(
                "gateway reload --id production --file {name} -o json"
            ))
            .run();
        let error = output.exits(10).stdout_is_empty().error();
        assert_eq!(error["class"], "rejected");
        assert!(
            error["causes"][0]
                .as_str()
                .is_some_and(|c| c.contains(reason)),
            "{error}"
        );
        assert_eq!(error["location"]["file"], name, "{error}");
        assert_eq!(error["data"]["serving_version"], 1);
        let inspect = world.inspect();
        assert_eq!(
            (&inspect["state"], &inspect["applied"]["version"]),
            (&json!("rejected"), &json!(1))
        );
        assert_eq!(
            gateway.chat("m", "hello").status,
            200,
            "the active configuration remains"
        );
    }
    let output = world.kt("gateway reconcile --id production").run();
    output.exits(10);
    world
        .kt("gateway revert --id production --version 1")
        .run()
        .ok();
    world.until_state("in-sync");
}

#[test]
fn a_concurrent_change_is_a_conflict() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let tag: Value = world.inspect()["etag"].clone();
    let tag = tag.as_str().expect("it is a text").to_owned();
    world
        .sandbox
        .write("a.yaml", example().replace("1.4.0", "1.4.1"));
    world
        .sandbox
        .write("b.yaml", example().replace("1.4.0", "1.4.2"));
    let line = |file: &str| format!("gateway reload --id production --no-wait --file {file}");
    let first = world.kt(&line("a.yaml")).arg("--if-match").arg(&tag).run();
    first.ok();
    let second = world.kt(&line("b.yaml")).arg("--if-match").arg(&tag).run();
    second.exits(6).stdout_is_empty();
    assert_eq!(world.inspect()["desired"]["version"], 2);
    world
        .kt(&line("b.yaml"))
        .arg("--if-match")
        .arg("nonsense")
        .run()
        .exits(2);
}

#[test]
fn a_change_is_pending_without_an_instance() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world
        .sandbox
        .write("a.yaml", example().replace("1.4.0", "1.4.1"));
    let output = world
        .kt("gateway reload --id production --file a.yaml -o json")
        .run();
    assert_eq!(output.exits(7).at("/result"), "pending");
    let gateway = world.run("");
    world.until_state("in-sync");
    assert_eq!(world.inspect()["applied"]["version"], 2);
    gateway.stop().ok();
}

#[test]
fn changes_are_previewed_and_weakened_guards_fail_a_pipeline() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world.sandbox.write(
        "weak.yaml",
        example().replace(
            "prompt-injection, pii-detector, dlp-filter",
            "pii-detector, dlp-filter",
        ),
    );
    let diff = world
        .kt("gateway diff --id production --file weak.yaml --fail-on-weaken -o json")
        .run();
    assert!(
        !diff
            .exits(12)
            .at("/impact/guards_weakened")
            .as_array()
            .expect("a list")
            .is_empty()
    );
    world
        .kt("gateway diff --id production --file weak.yaml --format unified")
        .run()
        .exits(1)
        .stdout_contains("--- version 1");
    world
        .kt("gateway diff --id production --file weak.yaml --against nonsense")
        .run()
        .exits(2);
    world
        .kt("gateway reload --id production --file weak.yaml --no-wait")
        .run()
        .ok();
    let preview = world
        .kt("gateway revert --id production --version 1 --dry-run -o json")
        .run();
    assert_eq!(preview.ok().at("/dry_run"), true);
    assert_eq!(
        world.inspect()["desired"]["version"],
        2,
        "a dry run publishes nothing"
    );
}
