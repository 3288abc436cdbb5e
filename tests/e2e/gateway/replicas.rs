//! A hundred replicas of one gateway, each a process, of which one rejects a configuration.

use super::world::{Gateway, Mode, World, with_upstream};
use crate::harness::{Sandbox, TIMEOUT, wait_until};
use serde_json::Value;

const REPLICAS: usize = 100;
/// How many are started at the same time.
const STARTED_TOGETHER: usize = 10;
/// The replicas that reject a version: the first one, the last one, and one in between; and the
/// variable that each of them lacks.
const REJECTING: [(usize, &str); 3] = [
    (0, "KEY_A"),
    (REPLICAS / 2, "KEY_B"),
    (REPLICAS - 1, "KEY_C"),
];

/// A replica, which has a state directory of its own as on another machine.
struct Replica {
    _gateway: Gateway,
    _sandbox: Sandbox,
}

fn start(world: &World, numbers: std::ops::Range<usize>) -> Vec<Replica> {
    let started: Vec<_> = numbers
        .map(|number| {
            let sandbox = Sandbox::new();
            let line = "gateway run --id production --listen 127.0.0.1:0 --workers 1 -o json";
            let mut command = world.kt_in(&sandbox, line);
            for (_, name) in REJECTING.iter().filter(|(lacks, _)| *lacks != number) {
                command = command.env(name, "x");
            }
            (sandbox, command.spawn())
        })
        .collect();
    let replicas = started.into_iter().map(|(sandbox, process)| Replica {
        _gateway: Gateway::of(process),
        _sandbox: sandbox,
    });
    replicas.collect()
}

/// Returns the number of live instances, and of those in a state.
fn count(inspect: &Value, state: &str) -> (usize, usize) {
    let instances = inspect["instances"].as_array().expect("instances");
    let live = || instances.iter().filter(|one| one["live"] == true);
    (
        live().count(),
        live().filter(|one| one["state"] == state).count(),
    )
}

#[test]
fn a_rejection_by_one_of_a_hundred_replicas_is_found() {
    let world = World::new(Mode::Server);
    let content = |key: &str| {
        let key = format!(", secret_key_ref: {{env: {key}}}");
        let content = with_upstream("http://127.0.0.1:9", &key);
        format!("{content}gateway: {{strict: true}}\n")
    };
    world
        .sandbox
        .write("good.yaml", with_upstream("http://127.0.0.1:9", ""));
    world.create("good.yaml");
    let mut replicas = Vec::new();
    while replicas.len() < REPLICAS {
        let next = replicas.len()..replicas.len() + STARTED_TOGETHER;
        replicas.extend(start(&world, next));
    }
    wait_until("all to be in sync", TIMEOUT, || {
        (count(&world.inspect(), "in-sync") == (REPLICAS, REPLICAS)).then_some(())
    });
    for (_, key) in REJECTING {
        world.sandbox.write("next.yaml", content(key));
        let line = "gateway reload --id production --file next.yaml -o json";
        let output = world.kt(line).run();
        let error = output.exits(10).error();
        let text = error.to_string();
        assert!(text.contains(key), "{error}");
        let inspect = world.inspect();
        assert_eq!(inspect["state"], "rejected");
        assert_eq!(count(&inspect, "rejected"), (REPLICAS, 1));
        assert_eq!(count(&inspect, "in-sync"), (REPLICAS, REPLICAS - 1));
    }
    let line = "gateway reload --id production --file good.yaml -o json";
    let reloaded = world.kt(line).run();
    let instances = reloaded.ok().at("/instances");
    assert_eq!(instances.as_array().map(Vec::len), Some(REPLICAS));
    assert_eq!(count(&world.inspect(), "in-sync"), (REPLICAS, REPLICAS));
}
