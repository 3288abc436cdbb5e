//! Changes of many gateways: plan, waves, record and resumption.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, example, with_upstream};
use crate::harness::{TIMEOUT, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A world with gateways of the team `x`, and one of the team `y`.
fn team(world: &World, names: &[&str], file: &str) {
    for name in names {
        let line = format!("gateway create {name} --label team=x --file {file}");
        world.kt(&line).run().ok();
    }
    let line = format!("gateway create other --label team=y --file {file}");
    world.kt(&line).run().ok();
}

fn run(world: &World, name: &str, more: &str) -> Gateway {
    let line = format!("gateway run --id {name} --listen 127.0.0.1:0 --workers 1 -o json {more}");
    Gateway::of(world.kt(&line).spawn())
}

/// Returns the results by name: result and version.
fn results(output: &Value) -> Vec<(String, String, Value)> {
    let rows = output["results"].as_array().expect("there are results");
    rows.iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (text("name"), text("result"), row["version"].clone())
        })
        .collect()
}

fn row(name: &str, result: &str, version: u64) -> (String, String, Value) {
    (name.to_owned(), result.to_owned(), json!(version))
}

fn modes() -> impl Iterator<Item = World> {
    let modes = [Mode::Embedded, Mode::Server, Mode::Postgres];
    modes.into_iter().filter_map(World::try_new)
}

#[test]
fn a_configuration_is_published_to_the_gateways_that_are_selected() {
    for world in modes() {
        team(&world, &["a", "b", "c"], "policy-config.yaml");
        let gateway = run(&world, "a", "");
        let weaker = example().replace("action: block", "action: log");
        world.sandbox.write("two.yaml", weaker);
        let line = "gateway reload --selector team=x --file two.yaml";
        let planned = world
            .kt(&format!("{line} --dry-run -o json"))
            .run()
            .ok()
            .json();
        assert_eq!(planned["matched"], 3, "{planned}");
        assert_eq!(planned["dry_run"], true);
        let plan = &planned["plan"][0];
        assert!(
            plan["change"]
                .as_str()
                .is_some_and(|c| c.starts_with("version 2, ")),
            "{plan}"
        );
        assert!(
            plan["weakened"].as_array().is_some_and(|w| !w.is_empty()),
            "{plan}"
        );
        // Without a terminal and `--yes`, nothing is changed.
        let refused = world.kt(line).run();
        refused
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("WEAKENS")
            .stderr_contains("--yes");
        let wrong = world.kt(&format!("{line} --expect-count 2 --yes")).run();
        wrong
            .exits(6)
            .stdout_is_empty()
            .stderr_contains("3 gateways");
        let done = world
            .kt(&format!("{line} --expect-count 3 --yes -o json"))
            .run();
        let done = done.ok().json();
        let expected = [
            row("a", "applied", 2),
            row("b", "pending", 2),
            row("c", "pending", 2),
        ];
        assert_eq!(results(&done), expected, "{done}");
        assert_eq!(done["summary"]["succeeded"], 3);
        let record = done["record"].as_str().expect("it is a path");
        let mode = std::fs::metadata(record)
            .expect("it exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = world.kt("gateway inspect other -o json").run().ok().json();
        assert_eq!(other["desired"]["version"], 1);
        let again = world.kt(&format!("{line} --yes -o json")).run().ok().json();
        let unchanged = results(&again);
        assert!(unchanged.iter().all(|row| row.1 == "unchanged"), "{again}");
        let resumed = world.kt(&format!("gateway reload --resume {record} --yes"));
        resumed.run().ok().stderr_contains("0 not begun");
        let source = world.kt("gateway reload --selector team=x --yes -o json");
        let source = source.run().ok().json();
        assert_eq!(results(&source)[0], row("a", "applied", 2), "{source}");
        gateway.stop().ok();
    }
}

#[test]
fn labels_and_contents_of_many_gateways_are_changed() {
    for world in modes() {
        team(&world, &["a", "b", "c"], "policy-config.yaml");
        let second = example().replace("1.4.0", "1.4.1");
        world.sandbox.write("two.yaml", second);
        world
            .kt("gateway reload --selector team=x --file two.yaml --no-wait --yes")
            .run()
            .ok();
        let update = "gateway update --selector team=x --selector zone!=eu --label zone=eu";
        let planned = world.kt(&format!("{update} --dry-run")).run();
        planned.ok().stdout_contains("label zone=eu");
        let done = world
            .kt(&format!("{update} --max-parallel 2 --yes -o json"))
            .run();
        let done = done.ok().json();
        let expected = [
            row("a", "updated", 2),
            row("b", "updated", 2),
            row("c", "updated", 2),
        ];
        assert_eq!(results(&done), expected);
        world
            .kt(&format!("{update} --yes"))
            .run()
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("no gateway matches");
        let prune = "gateway prune --selector zone=eu --keep 1";
        world
            .kt(&format!("{prune} --dry-run"))
            .run()
            .ok()
            .stdout_contains("the contents of 1 version");
        let pruned = world
            .kt(&format!("{prune} --yes -o json"))
            .run()
            .ok()
            .json();
        assert_eq!(results(&pruned)[2], row("c", "pruned", 2), "{pruned}");
        let again = world
            .kt(&format!("{prune} --yes -o json"))
            .run()
            .ok()
            .json();
        assert_eq!(again["summary"]["unchanged"], 3, "{again}");
        let reconcile = world.kt("gateway reconcile --selector zone=eu --yes -o json");
        let reconcile = reconcile.run().ok().json();
        assert_eq!(reconcile["summary"]["unchanged"], 3, "nothing runs");
    }
}

#[test]
fn waves_stop_after_failures_and_are_resumed() {
    let provider = Provider::start();
    let world = World::new(Mode::Embedded);
    world
        .sandbox
        .write("good.yaml", with_upstream(&provider.url(), ""));
    team(&world, &["a", "b", "c", "d"], "good.yaml");
    let port = provider
        .url()
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    // It rejects the configuration whose upstream has another port.
    let gateway = run(&world, "a", &format!("--outbound-port {port}"));
    world
        .sandbox
        .write("bad.yaml", with_upstream("http://127.0.0.1:9", ""));
    let line = "gateway reload --selector team=x --file bad.yaml --max-parallel 2 --yes -o json";
    let stopped = world.kt(line).run();
    let stopped = stopped.exits(1).stderr_contains("--resume").json();
    let expected = [
        row("a", "rejected", 2),
        row("b", "pending", 2),
        row("c", "not-begun", 1),
        row("d", "not-begun", 1),
    ];
    assert_eq!(results(&stopped), expected, "{stopped}");
    world.kt("gateway update c --label z=1").run().ok();
    let record = stopped["record"].as_str().expect("it is a path");
    let resume = format!("gateway reload --resume {record} --max-failures 100% --yes -o json");
    let resumed = world.kt(&resume).run().exits(1).json();
    let rows = results(&resumed);
    let words: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
    // What has changed since the plan is refused; the others are done.
    assert_eq!(
        words,
        [
            "changed-since-plan",
            "pending",
            "changed-since-plan",
            "pending"
        ],
        "{resumed}"
    );
    let versions = world.kt("gateway inspect c -o json").run().ok().json();
    assert_eq!(versions["desired"]["version"], 1);
    for other in ["update", "prune"] {
        let line = format!("gateway {other} --resume {record} --yes");
        world
            .kt(&line)
            .run()
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("reload");
    }
    gateway.stop().ok();
}

#[test]
fn an_interrupted_command_says_what_is_left_and_how_to_continue() {
    let world = World::new(Mode::Server);
    team(&world, &["a", "b"], "policy-config.yaml");
    let gateway = run(&world, "a", "");
    world
        .sandbox
        .write("two.yaml", example().replace("1.4.0", "1.4.1"));
    gateway.process.signal(Signal::STOP);
    let line = "gateway reload --selector team=x --file two.yaml --max-parallel 1 --yes";
    let command = world.kt(line).spawn();
    wait_until("the first change", TIMEOUT, || {
        let a = world.kt("gateway inspect a -o json").run().ok().json();
        (a["desired"]["version"] == 2).then_some(())
    });
    command.signal(Signal::INT);
    let output = command.wait(TIMEOUT);
    let output = output
        .exits(130)
        .stderr_contains("1 not begun")
        .stderr_contains("kt gateway reload --resume");
    gateway.process.signal(Signal::CONT);
    let hint = output
        .stderr
        .lines()
        .find_map(|line| line.split_once("kt gateway reload"));
    let (_, rest) = hint.expect("it says how to continue");
    let resumed = world.kt(&format!("gateway reload{rest} --yes")).run();
    // `a` was published before the interruption, so it has changed since the plan.
    resumed.exits(1).stdout_contains("changed-since-plan");
    let b = world.kt("gateway inspect b -o json").run().ok().json();
    assert_eq!(b["desired"]["version"], 2);
    gateway.stop().ok();
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let world = World::new(Mode::Embedded);
    team(&world, &["a"], "policy-config.yaml");
    for line in [
        "gateway reload --selector ,",
        "gateway reload --selector=",
        "gateway reload a --selector team=x",
        "gateway reload a --expect-count 1",
        "gateway reload --selector team=x --max-parallel 0",
        "gateway reload --selector team=x --max-failures many",
        "gateway reload --selector team=x --expect-count -1",
        "gateway reload --selector team=x --if-match 1",
        "gateway reload --selector team=x --resume x",
        "gateway reconcile --selector team=x --accept-applied",
        "gateway update --selector team=x",
        "gateway update --selector team=x --name b",
        "gateway prune --selector team=x",
        "gateway prune --selector team=x --keep 0",
    ] {
        let output = world.kt(&format!("{line} --yes")).run();
        output.exits(2).stdout_is_empty();
    }
    let missing = world.kt("gateway reload --resume absent.jsonl --yes").run();
    missing.exits(5).stderr_contains("absent.jsonl");
    let a = world.kt("gateway inspect a -o json").run().ok().json();
    assert_eq!(a["desired"]["version"], 1);
}
