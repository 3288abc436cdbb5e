//! Names as arguments, suggestions from the names that exist, and aliases, on the embedded store
//! and against a server.

use super::world::{Gateway, Mode, World, example};
use crate::harness::TIMEOUT;
use serde_json::json;

const MODES: [Mode; 2] = [Mode::Embedded, Mode::Server];

/// Returns a world with the gateways `production`, which has two versions, and `staging`.
fn world(mode: Mode) -> World {
    let world = World::new(mode);
    world.create("policy-config.yaml");
    let next = example().replace("version: 1.4.0", "version: 1.4.1");
    world.sandbox.write("next.yaml", next);
    world
        .kt("gateway reload production -f next.yaml --no-wait")
        .run()
        .ok();
    world
        .kt("gateway create staging --label team=x --label tier=gold")
        .run()
        .ok();
    world
}

#[test]
fn a_gateway_and_a_version_are_arguments() {
    for mode in MODES {
        let world = world(mode);
        let ok = |line: &str| world.kt(line).run().ok().clone();
        for (line, option) in [
            (
                "gateway inspect production",
                "gateway inspect --id production",
            ),
            (
                "gateway config production",
                "gateway config --id production",
            ),
            (
                "gateway config production 1",
                "gateway config --id production --version 1",
            ),
            (
                "gateway versions production",
                "gateway versions --id production",
            ),
            (
                "gateway diff production -f next.yaml",
                "gateway diff --id production --file next.yaml",
            ),
        ] {
            assert_eq!(
                ok(&format!("{line} -o json")).json(),
                ok(&format!("{option} -o json")).json(),
                "{line}"
            );
        }
        drop(ok("gateway pin production 1"));
        drop(ok("gateway unpin production --version 1"));
        drop(ok("gateway update staging --description s"));
        drop(ok("gateway revert production 1 --no-wait"));
        let same = ok("gateway inspect production --id production -o json");
        assert_eq!(same.json()["name"], "production");
        let both = world.kt("gateway config production --id staging").run();
        both.exits(2).stderr_contains("contradict each other");
        // The version alone, if the gateway may be omitted, is a number.
        world
            .kt("gateway pin 1")
            .run()
            .exits(2)
            .stderr_contains("they are");
        let missing = world.kt("gateway pin production").run();
        missing.exits(2).stderr_contains("required argument N");
        world
            .kt("gateway delete")
            .run()
            .exits(2)
            .stderr_contains("GATEWAY");
    }
}

#[test]
fn several_are_named_at_once() {
    for mode in MODES {
        let world = world(mode);
        let both = world.kt("gateway inspect production staging -o json").run();
        let names = both.ok().json();
        assert_eq!(
            (&names[0]["name"], &names[1]["name"]),
            (&json!("production"), &json!("staging"))
        );
        let shown = world.kt("gateway inspect production staging").run();
        shown
            .ok()
            .stdout_contains("production")
            .stdout_contains("team=x,tier=gold");
        // Nothing is deleted if one of them does not exist.
        let output = world.kt("gateway delete production absent --yes").run();
        output
            .exits(5)
            .stderr_contains("there is no gateway `absent`");
        let deleted = world
            .kt("gateway rm staging production staging --yes -o json")
            .run();
        assert_eq!(deleted.ok().json().as_array().map(Vec::len), Some(2));
        let left = world.kt("gateway ls -o name").run();
        left.ok().stdout_is_empty();
    }
}

#[test]
fn gateways_are_selected_by_their_labels() {
    for mode in MODES {
        let world = world(mode);
        for (selector, names) in [
            ("team=x", "staging"),
            ("team!=x", "production"),
            ("tier in (silver,gold)", "staging"),
            ("!team", "production"),
            ("team,tier=silver", ""),
        ] {
            let list = world
                .kt("gateway list -o json")
                .args(["--selector", selector])
                .run();
            let list = list.ok().json();
            let found: Vec<&str> = list
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|g| g["name"].as_str())
                .collect();
            assert_eq!(found.join(" "), names, "{selector}");
        }
        let bad = world.kt("gateway list -l team=(x").run();
        bad.exits(2).stderr_contains("not a requirement");
        let wide = world.kt("gateway list -o wide").run();
        wide.ok()
            .stdout_contains("LABELS")
            .stdout_contains("team=x,tier=gold");
    }
}

#[test]
fn misspelled_names_get_a_suggestion_from_those_that_exist() {
    for mode in MODES {
        let world = world(mode);
        for (line, suggestion) in [
            ("gateway inspect prodution", "did you mean `production`?"),
            (
                "gateway reload stagin -f next.yaml",
                "did you mean `staging`?",
            ),
            ("gateway run produktion", "did you mean `production`?"),
            ("gateway revert production 9", "the versions 1 to 2"),
            ("gateway config production 9", "the versions 1 to 2"),
        ] {
            let output = world.kt(line).run();
            output.exits(5).stderr_contains(suggestion);
        }
    }
    let world = world(Mode::Server);
    world.kt("token create dashboard --scope read").run().ok();
    let output = world.kt("token revoke dashbord").run();
    output.exits(2).stderr_contains("(dashboard)?");
    let list = world.kt("token list -o name").run();
    let id = list
        .ok()
        .stdout
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    world.kt(&format!("token rm {id}")).run().ok();
    let ok = |line: &str| drop(world.kt(line).stdin("value").run().ok().clone());
    ok("secret set openai");
    let output = world.kt("secret remove opnai").run();
    output.exits(5).stderr_contains("did you mean `openai`?");
    ok("secret set other");
    ok("secret rm openai other");
}

#[test]
fn a_gateway_without_options_serves_what_there_is_and_says_so() {
    let world = World::new(Mode::Embedded);
    let run = |more: &str| world.kt(&format!("gateway run --listen 127.0.0.1:0 {more}"));
    let named = |output: &mut crate::harness::Background, text: &'static str| {
        output.wait_for("what is served", TIMEOUT, |_, err| {
            err.contains(text).then_some(())
        });
    };
    let mut file = run("").spawn();
    named(
        &mut file,
        "serving `policy-config.yaml` of the working directory",
    );
    drop(file);
    world.create("policy-config.yaml");
    let mut only = run("").spawn();
    named(&mut only, "serving gateway `production`, the only one");
    drop(only);
    assert_eq!(
        Gateway::of(run("-o json").spawn())
            .chat("m", "hello")
            .status,
        200
    );
    world.kt("gateway create staging").run().ok();
    let several = run("").run();
    several
        .exits(2)
        .stderr_contains("they are `production`, `staging`")
        .stderr_contains("--file policy-config.yaml");
    let empty = World::new(Mode::Embedded);
    std::fs::remove_file(empty.sandbox.path("policy-config.yaml")).expect("it was written");
    let nothing = empty.kt("gateway run").run();
    nothing.exits(2).stderr_contains("kt init");
}

#[test]
fn words_of_other_tools_are_accepted_or_answered() {
    let world = world(Mode::Embedded);
    for line in [
        "gateway ls",
        "gateway get",
        "gateway get production",
        "gateway describe production",
        "gateway show production",
        "gateway cat production",
        "gateway history production",
        "gateway rollback production 1 --dry-run",
        "gateway apply production -f next.yaml --dry-run",
        "secret ls",
        "auth ls",
        "policy validate next.yaml",
    ] {
        world.kt(line).run().ok();
    }
    for (line, command) in [
        ("ls", "`kt gateway list`"),
        ("apply -f next.yaml", "`kt gateway reload`"),
        ("describe gateway production", "`kt gateway inspect`"),
        ("rollback", "`kt gateway revert`"),
        ("status", "`kt gateway status`"),
        ("start", "`kt gateway start`"),
        ("rm production", "`kt gateway delete`"),
        ("cat", "`kt gateway config`"),
    ] {
        world.kt(line).run().exits(2).stderr_contains(command);
    }
}

/// The old spellings of options remain.
#[test]
fn renamed_options_keep_their_old_names() {
    let world = world(Mode::Embedded);
    for (old, new) in [
        (
            "gateway reload production -f policy-config.yaml --no-wait --message m",
            "gateway reload production -f next.yaml --no-wait --reason m",
        ),
        (
            "gateway run --policy-config next.yaml --dry-run",
            "gateway run -f next.yaml --dry-run",
        ),
        ("gateway list --limit 1", "gateway list -n 1"),
    ] {
        world.kt(old).run().ok();
        world.kt(new).run().ok();
    }
}
