//! `kt gateway versions`, `update`, `delete`, and `kt whoami`.

use crate::harness::{Sandbox, workspace};
use std::fs;

/// Returns a sandbox with a gateway `production` that has `count` versions.
fn with_versions(count: u32) -> Sandbox {
    let sandbox = Sandbox::new();
    let policy = workspace().join("docs/examples/policy-config.yaml");
    let policy = fs::read_to_string(policy).expect("the example is there");
    sandbox.write("policy.yaml", &policy);
    let create = "gateway create --name production --file policy.yaml --label tier=gold";
    sandbox.kt_line(create).run().ok();
    for n in 2..=count {
        let next = policy.replace("version: 1.4.0", &format!("version: 1.4.{n}"));
        sandbox.write("policy.yaml", next);
        let reload = "gateway reload --id production --file policy.yaml --no-wait";
        sandbox.kt_line(reload).run().ok();
    }
    sandbox
}

#[test]
fn versions_are_listed_newest_first_in_pages() {
    let sandbox = with_versions(5);
    let numbers = |line: &str| sandbox.kt_line(line).run().ok().stdout.clone();
    assert_eq!(
        numbers("gateway versions --id production -o name"),
        "5\n4\n3\n2\n1\n"
    );
    let first = sandbox.kt_line("gateway versions --limit 2 -o name").run();
    assert_eq!(
        first.ok().stdout,
        "5\n4\n",
        "the only gateway is the default"
    );
    first.stderr_contains("--before 4");
    let next = sandbox
        .kt_line("gateway versions --limit 3 --before 4 -o name")
        .run();
    assert_eq!(next.ok().stdout, "3\n2\n1\n");
    next.stderr_excludes("--before");
    for bad in ["--limit 0", "--before 0", "--before -3"] {
        let output = sandbox.kt_line(&format!("gateway versions {bad}")).run();
        output.exits(2).stdout_is_empty();
    }
    let absent = sandbox.kt_line("gateway versions --id absent").run();
    absent.exits(5).stdout_is_empty();
}

#[test]
fn contents_are_pruned_except_for_pinned_versions() {
    let sandbox = with_versions(5);
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("gateway pin --version 2").ok();
    let before = kt("gateway config --version 2").ok().stdout.clone();
    let dry = kt("gateway prune --keep 2 --dry-run -o json");
    let planned = dry.ok().json();
    assert_eq!(
        (&planned["result"], &planned["count"]),
        (&"would-prune".into(), &2.into())
    );
    assert_eq!(
        planned["versions"][1],
        serde_json::json!({"from": 3, "to": 3})
    );
    kt("gateway config --version 3").ok();
    // Without a terminal there is no prompt.
    kt("gateway prune --keep 2")
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("--yes");
    kt("gateway config --version 3").ok();
    let pruned = kt("gateway prune --keep 2 --reason space --yes");
    pruned
        .ok()
        .stderr_contains("versions 1, 3 of gateway `production`");
    for line in [
        "gateway config --version 3",
        "gateway revert --version 3 --no-wait",
        "gateway diff --file policy.yaml --against version:3",
        "gateway pin --version 3",
    ] {
        kt(line)
            .exits(5)
            .stdout_is_empty()
            .stderr_contains("version 3 was pruned");
    }
    assert_eq!(kt("gateway config --version 2").ok().stdout, before);
    let versions = kt("gateway versions -o json").ok().json();
    let at = |n: usize, key: &str| versions[5 - n][key].clone();
    assert!(at(3, "pruned_at").is_string() && at(3, "sha256").is_string());
    assert_eq!(
        (at(2, "pinned"), at(2, "pruned_at")),
        (true.into(), serde_json::Value::Null)
    );
    kt("gateway prune --keep 2 --yes")
        .ok()
        .stderr_contains("no content to prune");
    let audit = kt("audit list --limit 1 -o json").ok().json();
    assert_eq!(audit[0]["action"], "config.prune");
    assert_eq!(audit[0]["detail"]["reason"], "space");
    kt("control-plane fsck").ok();
    kt("gateway prune --keep 0").exits(2).stdout_is_empty();
}

#[test]
fn description_labels_and_name_of_a_gateway_can_be_updated() {
    let sandbox = with_versions(1);
    let update = |rest: &str| {
        let line = format!("gateway update --id production {rest} -o json");
        sandbox.kt_line(&line).run()
    };
    let changed = update("--description x --label region=eu --remove-label tier");
    let value = changed.ok().json();
    assert_eq!(value["result"], "updated", "{changed}");
    assert_eq!(value["labels"].to_string(), r#"{"region":"eu"}"#);
    assert_eq!(value["description"], "x");
    let tag = value["etag"].as_str().expect("there is a tag").to_owned();

    let again = update("--description x");
    assert_eq!(again.ok().json()["result"], "unchanged", "{again}");
    update(&format!("--description y --if-match {tag}")).ok();
    let late = update(&format!("--description z --if-match {tag}"));
    late.exits(6).stderr_contains("revision");
    let nothing = update("");
    nothing.exits(2).stderr_contains("--remove-label");
    update("--label a=1 --remove-label a").exits(2);
    update("--name -").exits(2);

    sandbox.kt_line("gateway create --name other").run().ok();
    update("--name other").exits(6);
    update("--name renamed").ok();
    sandbox.kt_line("gateway inspect --id renamed").run().ok();
    sandbox
        .kt_line("gateway inspect --id production")
        .run()
        .exits(5);
}

#[test]
fn a_gateway_is_deleted_only_by_name_and_with_confirmation() {
    let sandbox = with_versions(2);
    let delete = |rest: &str| sandbox.kt_line(&format!("gateway delete {rest}")).run();
    delete("--yes").exits(2).stdout_is_empty();
    let unasked = delete("--id production");
    unasked
        .exits(2)
        .stderr_contains("--yes")
        .stderr_contains("2 versions");
    delete("--id production --yes --if-match 1").exits(6);
    sandbox
        .kt_line("gateway inspect --id production")
        .run()
        .ok();

    let done = delete("--id production --yes -o json");
    let id = done.ok().json()["id"].as_str().expect("an id").to_owned();
    delete("--id production --yes").exits(5);
    let gone = delete(&format!("--id {id} --yes"));
    gone.exits(5).stdout_is_empty();
    sandbox
        .kt_line("gateway create --name production")
        .run()
        .ok();
}

#[test]
fn whoami_shows_the_caller() {
    let sandbox = Sandbox::new();
    let me = sandbox.kt_line("whoami -o json").run();
    let value = me.ok().json();
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(value["actor"], format!("uid:{uid}"), "{me}");
    assert_eq!(value["scope"], "admin");
    assert_eq!(value["control_plane"], "embedded");
    let away = sandbox
        .kt_line("whoami")
        .env("KEEPTRUSTS_API_URL", "http://127.0.0.1:9")
        .run();
    away.exits(7).stdout_is_empty();
}
