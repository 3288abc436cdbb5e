//! `kill -9`, at every named point and at random, beside writers, readers and a
//! running gateway.

use super::world::{Gateway, Mode, World, example};
use crate::harness::{CommandOutput, TIMEOUT};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const ROUNDS: u32 = 50;
const WRITERS: u32 = 4;
const READERS: u32 = 4;
/// Where a command can be killed; see `crash.rs` of the control plane.
const POINTS: [&str; 9] = [
    "create.before",
    "create.inserted",
    "create.committed",
    "reload.before",
    "reload.inserted",
    "reload.committed",
    "revert.before",
    "revert.inserted",
    "revert.committed",
];

struct Storm {
    world: World,
    /// Acknowledged versions with their hashes.
    acknowledged: Mutex<BTreeMap<u64, String>>,
    files: AtomicU32,
    over: AtomicBool,
}

impl Storm {
    fn never_busy(output: &CommandOutput) {
        let said = output.stderr.to_ascii_lowercase();
        assert!(
            !said.contains("busy") && !said.contains("locked"),
            "{output}"
        );
    }

    /// A file with a configuration that no other has.
    fn fresh_file(&self) -> String {
        let number = self.files.fetch_add(1, Ordering::SeqCst);
        let name = format!("v{number}.yaml");
        self.world
            .sandbox
            .write(&name, example().replace("1.4.0", &format!("2.0.{number}")));
        name
    }

    fn write(&self) {
        let line = format!(
            "gateway reload --id production --no-wait -o json --file {}",
            self.fresh_file()
        );
        let output = self.world.kt(&line).run();
        Self::never_busy(&output);
        let (version, hash) = (output.ok().at("/version"), output.text_at("/sha256"));
        let version = version.as_u64().expect("a number");
        let known = self
            .acknowledged
            .lock()
            .expect("nobody panics with it")
            .insert(version, hash);
        assert_eq!(known, None, "version {version} was acknowledged twice");
    }

    fn read(&self, turn: u32) {
        let lines = [
            "gateway inspect --id production -o json",
            "gateway list -o json",
            "gateway config --id production",
        ];
        let line = lines
            .get(turn as usize % lines.len())
            .expect("it is within");
        let output = self.world.kt(line).run();
        Self::never_busy(&output);
        output.ok();
    }

    /// One command that is killed at a named point.
    fn crash(&self, round: u32) {
        let point = *POINTS
            .get(round as usize % POINTS.len())
            .expect("it is within");
        let file = self.fresh_file();
        let line = match point.split('.').next() {
            Some("create") => format!("gateway create --name r{round} --file {file}"),
            Some("reload") => format!("gateway reload --id production --no-wait --file {file}"),
            _ => "gateway revert --id production --no-wait --version 1".to_owned(),
        };
        let output = self.world.kt(&line).env("KT_CRASH_AT", point).run();
        assert_eq!(
            output.code(),
            None,
            "it was to be killed at {point}{output}"
        );
        if point.starts_with("create") {
            let again = self.world.kt(&line).run();
            Self::never_busy(&again);
            let expected = if point == "create.committed" { 6 } else { 0 };
            again.exits(expected);
        }
    }
}

#[test]
fn acknowledged_versions_survive_every_kill() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let first = world.inspect()["desired"]["sha256"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let storm = Storm {
        world,
        acknowledged: Mutex::new(BTreeMap::from([(1, first)])),
        files: AtomicU32::new(0),
        over: AtomicBool::new(false),
    };
    let mut gateway = Some(storm.world.run(""));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                while !storm.over.load(Ordering::SeqCst) {
                    storm.write();
                }
            });
        }
        for reader in 0..READERS {
            let storm = &storm;
            scope.spawn(move || {
                for turn in reader.. {
                    if storm.over.load(Ordering::SeqCst) {
                        break;
                    }
                    storm.read(turn);
                }
            });
        }
        // Whatever fails here must end the others too.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..ROUNDS {
                storm.crash(round);
                if round % 10 == 5 {
                    gateway = Some(killed_and_restarted(&storm.world, gateway.take()));
                }
            }
        }));
        storm.over.store(true, Ordering::SeqCst);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    verify(&storm);
    storm
        .world
        .kt("gateway reload --id production --file policy-config.yaml")
        .run()
        .ok();
    storm.world.until_state("in-sync");
    drop(gateway);
}

fn killed_and_restarted(world: &World, gateway: Option<Gateway>) -> Gateway {
    if let Some(gateway) = gateway {
        gateway.process.signal(Signal::KILL);
        let ended = gateway.process.wait(TIMEOUT);
        assert_eq!(ended.code(), None, "{ended}");
    }
    world.run("")
}

/// Every version from 1 to the last is there, and those that were acknowledged
/// are what was acknowledged.
fn verify(storm: &Storm) {
    let last = storm.world.inspect()["history"][0]["version"]
        .as_u64()
        .expect("a number");
    let acknowledged = storm.acknowledged.lock().expect("nobody panics with it");
    assert!(
        acknowledged.len() > ROUNDS as usize,
        "the writers hardly wrote: {}",
        acknowledged.len()
    );
    for version in 1..=last {
        let output = storm
            .world
            .kt(&format!(
                "gateway config --id production --version {version} -o json"
            ))
            .run();
        let value: Value = output.ok().json();
        if let Some(hash) = acknowledged.get(&version) {
            assert_eq!(value["sha256"], **hash, "version {version}");
        }
    }
    assert!(acknowledged.keys().all(|v| *v <= last));
}
