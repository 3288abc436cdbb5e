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

#[test]
fn a_revert_without_a_version_goes_to_the_one_applied_before() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let revert = |more: &str| {
        let line = format!("gateway revert --id production {more}");
        world.kt(&line).run()
    };
    revert("")
        .exits(5)
        .stderr_contains("no version of gateway `production` was applied before version 1");
    let gateway = world.run("--outbound-port 443");
    revert("").exits(5);
    let edit = |version: &str| {
        world
            .sandbox
            .write("a.yaml", example().replace("1.4.0", version));
        let line = "gateway reload --id production --file a.yaml";
        world.kt(line).run()
    };
    edit("1.4.1").ok();
    let elsewhere = with_upstream("http://127.0.0.1:9", "");
    world.sandbox.write("elsewhere.yaml", elsewhere);
    world
        .kt("gateway reload --id production --file elsewhere.yaml")
        .run()
        .exits(10);
    let plan = revert("--dry-run -o json");
    assert_eq!(plan.ok().at("/content_of"), 2, "version 3 was rejected");
    plan.stderr_contains("version 2 was applied before");
    let done = revert("-o json");
    assert_eq!(done.ok().at("/version"), 4);
    assert_eq!(done.at("/result"), "applied");
    assert_eq!(
        world.inspect()["history"][0]["reverts_to"],
        2,
        "{}",
        world.inspect()
    );
    // Version 4 has the content of version 2, so version 1 was applied before both.
    let undone = revert("");
    undone.ok().stderr_contains("version 1 was applied before");
    assert_eq!(world.inspect()["history"][0]["reverts_to"], 1);
    gateway.stop().ok();
}

#[test]
fn a_planned_reload_publishes_nothing() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let tag = world.inspect()["etag"].clone();
    world.sandbox.write(
        "weak.yaml",
        example().replace("prompt-injection, pii-detector", "pii-detector"),
    );
    world.sandbox.write("broken.yaml", "pack: [");
    let plan = |more: &str| {
        let line = format!("gateway reload --id production --dry-run {more}");
        world.kt(&line).run()
    };
    let output = plan("--file weak.yaml -o json");
    let value = output.ok().json();
    assert_eq!(value["result"], "would-publish");
    assert_eq!(
        (&value["dry_run"], &value["next_version"]),
        (&json!(true), &json!(2))
    );
    assert_ne!(value["impact"]["guards_weakened"], json!([]));
    plan("--file weak.yaml")
        .ok()
        .stdout_contains("policies.chain[prompt-injection]")
        .stderr_contains("version 2 would be published")
        .stderr_contains("it WEAKENS 1 guard");
    let same = plan("--file policy-config.yaml -o json");
    assert_eq!(same.ok().at("/result"), "unchanged");
    plan("--file broken.yaml").exits(2);
    plan("--file weak.yaml --if-match \"9\"").exits(6);
    let source = plan("-o json");
    assert_eq!(source.ok().at("/result"), "would-reload");
    assert_eq!(world.inspect()["etag"], tag);
}

#[test]
fn a_reload_reports_the_version_that_an_instance_published_from_its_file() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let mut gateway = world.run("--policy-config policy-config.yaml");
    let reload = || world.kt("gateway reload --id production -o json").run();
    assert_eq!(reload().ok().at("/version"), 1);
    for version in 2..4 {
        let new = example().replace("1.4.0", &format!("1.4.{version}"));
        world.sandbox.write("policy-config.yaml", new);
        let output = reload();
        assert_eq!(output.ok().at("/version"), version);
        assert_eq!(output.at("/result"), "applied");
        assert_eq!(output.at("/origin"), "file");
        assert_eq!(output.at("/instances/0/applied/version"), version);
    }
    assert!(gateway.process.is_running());
}
