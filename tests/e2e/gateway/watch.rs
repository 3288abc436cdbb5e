//! `list` in pages and orders, and `--watch`.

use super::world::{Mode, World, example};
use crate::harness::{Background, TIMEOUT, tool};
use rustix::process::Signal;
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    // The last one may still be written.
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete.lines().map(parse).collect()
}

/// Waits for a line that `is` one.
fn until(process: &mut Background, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    process.wait_for(what, TIMEOUT, |out, _| lines(out).into_iter().find(&is))
}

#[test]
fn formats_for_programs_are_complete_and_tables_have_pages() {
    let world = World::new(Mode::Embedded);
    let count = 120;
    for n in 0..count {
        let line = format!("gateway create --name gateway-{n:03}");
        world.kt(&line).run().ok();
    }
    let list = |more: &str| world.kt(&format!("gateway list {more}")).run();
    let items = |more: &str| list(more).ok().json().as_array().map_or(0, Vec::len);
    assert_eq!(items("-o json"), count);
    assert_eq!(items("-o json --limit 7"), 7);
    assert_eq!(list("-o name").ok().stdout.lines().count(), count);
    let table = list("");
    assert_eq!(table.ok().stdout.lines().count(), 101);
    table.stderr_contains("100 of 120 shown: --limit, --all");
    assert_eq!(list("--all").ok().stdout.lines().count(), count + 1);
    list("--limit 30").ok().stderr_contains("30 of 120 shown");
    list("--limit 3 --all").exits(2);
    assert_eq!(items("-o json --name-prefix gateway-11"), 10);
    let newest = list("-o json --sort-by created --limit 1");
    assert_eq!(newest.ok().at("/0/name"), "gateway-119");
    let updated = "gateway update --id gateway-050 --description new";
    world.kt(updated).run().ok();
    let latest = list("--sort-by updated --limit 2");
    latest
        .ok()
        .stdout_contains("gateway-050")
        .stderr_contains("2 of 120 shown");
    list("--sort-by color").exits(2);
}

#[test]
fn changes_of_a_list_are_printed() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let mut watch = world.kt("gateway list --watch -o json").spawn();
    until(&mut watch, "the list", |row| row["name"] == "production");
    world.kt("gateway create --name second").run().ok();
    until(&mut watch, "a new one", |row| row["name"] == "second");
    world.kt("gateway delete --id second --yes").run().ok();
    until(&mut watch, "a deleted one", |row| {
        row["name"] == "second" && row["state"] == "deleted"
    });
    watch.signal(Signal::INT);
    let output = watch.wait(TIMEOUT);
    output.exits(130).stderr_excludes("error");
    assert_eq!(lines(&output.stdout).len(), 3, "{output}");
    let mut table = world.kt("gateway list -w").spawn();
    table.wait_for("the list", TIMEOUT, |out, _| {
        out.contains("production").then_some(())
    });
    world.kt("gateway create --name third").run().ok();
    table.wait_for("a new one", TIMEOUT, |out, _| {
        out.contains("third").then_some(())
    });
    table.signal(Signal::INT);
    let output = table.wait(TIMEOUT);
    assert_eq!(
        output.exits(130).stdout.matches("NAME").count(),
        1,
        "{output}"
    );
}

#[test]
fn changes_of_a_gateway_are_printed_at_once() {
    for mode in [Mode::Embedded, Mode::Server] {
        let world = World::new(mode);
        world.create("policy-config.yaml");
        let gateway = world.run("");
        world.until_state("in-sync");
        let line = "gateway inspect --id production --watch -o json";
        let mut watch = world.kt(line).spawn();
        let applied = |version: u64| {
            move |value: &Value| {
                value["applied"]["version"] == json!(version) && value["state"] == "in-sync"
            }
        };
        until(&mut watch, "version 1", applied(1));
        world
            .sandbox
            .write("a.yaml", example().replace("1.4.0", "1.4.1"));
        world
            .kt("gateway reload --id production --file a.yaml")
            .run()
            .ok();
        until(&mut watch, "version 2", applied(2));
        let mut table = world.kt("gateway inspect --id production --watch").spawn();
        table.wait_for("the gateway", TIMEOUT, |out, _| {
            out.contains("ETag").then_some(())
        });
        gateway.stop().ok();
        table.wait_for("its end", TIMEOUT, |out, _| {
            let (_, changes) = out.split_once("REJECTION")?;
            changes.contains("offline").then_some(())
        });
        for process in [watch, table] {
            process.signal(Signal::INT);
            process.wait(TIMEOUT).exits(130).stderr_excludes("error");
        }
    }
}

#[test]
fn a_wait_shows_its_progress_in_a_terminal() {
    let Some(setsid) = tool("setsid") else {
        return;
    };
    // With the embedded store a stopped process could hold its lock.
    let world = World::new(Mode::Server);
    world.create("policy-config.yaml");
    let gateway = world.run("");
    // It cannot answer.
    gateway.process.signal(Signal::STOP);
    world
        .sandbox
        .write("a.yaml", example().replace("1.4.0", "1.4.1"));
    let line = "gateway reload --id production --file a.yaml --timeout 60s";
    let mut session = world.kt(line).in_terminal(&setsid, 80);
    session.wait_for("0 of 1 instance acknowledged, ");
    gateway.process.signal(Signal::CONT);
    assert_eq!(session.wait(), Some(0), "{}", session.screen());
    let screen = session.screen();
    // The line is replaced, and removed at the end.
    assert!(screen.contains("\r\u{1b}[2K"), "{screen:?}");
    gateway.stop().ok();
}
