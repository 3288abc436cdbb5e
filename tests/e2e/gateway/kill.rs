//! SIGKILL at every crash point and at random times, with concurrent writers,
//! readers and a running gateway.

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
/// The crash points of commands; see `crash.rs` of the control plane.
const CRASH_POINTS: [&str; 9] = [
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

/// The state that all threads share.
struct Load {
    world: World,
    /// Acknowledged versions with their hashes.
    acknowledged: Mutex<BTreeMap<u64, String>>,
    files: AtomicU32,
    stopped: AtomicBool,
}

impl Load {
    /// Asserts that no error of SQLite about locks reaches the user.
    fn assert_not_busy(output: &CommandOutput) {
        let errors = output.stderr.to_ascii_lowercase();
        assert!(
            !errors.contains("busy") && !errors.contains("locked"),
            "{output}"
        );
    }

    /// Writes a file with a configuration that no other file has.
    fn new_file(&self) -> String {
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
            self.new_file()
        );
        let output = self.world.kt(&line).run();
        Self::assert_not_busy(&output);
        let (version, hash) = (output.ok().at("/version"), output.text_at("/sha256"));
        let version = version.as_u64().expect("a number");
        let known = self
            .acknowledged
            .lock()
            .expect("no thread panics")
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
            .expect("the index is in range");
        let output = self.world.kt(line).run();
        Self::assert_not_busy(&output);
        output.ok();
    }

    /// Runs a command that is killed at a crash point.
    fn crash(&self, round: u32) {
        let point = *CRASH_POINTS
            .get(round as usize % CRASH_POINTS.len())
            .expect("the index is in range");
        let file = self.new_file();
        let line = match point.split('.').next() {
            Some("create") => format!("gateway create --name r{round} --file {file}"),
            Some("reload") => format!("gateway reload --id production --no-wait --file {file}"),
            _ => "gateway revert --id production --no-wait --version 1".to_owned(),
        };
        let output = self.world.kt(&line).env("KT_CRASH_AT", point).run();
        assert_eq!(output.code(), None, "it was not killed at {point}{output}");
        if point.starts_with("create") {
            let again = self.world.kt(&line).run();
            Self::assert_not_busy(&again);
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
    let load = Load {
        world,
        acknowledged: Mutex::new(BTreeMap::from([(1, first)])),
        files: AtomicU32::new(0),
        stopped: AtomicBool::new(false),
    };
    let mut gateway = Some(load.world.run(""));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                while !load.stopped.load(Ordering::SeqCst) {
                    load.write();
                }
            });
        }
        for reader in 0..READERS {
            let load = &load;
            scope.spawn(move || {
                for turn in reader.. {
                    if load.stopped.load(Ordering::SeqCst) {
                        break;
                    }
                    load.read(turn);
                }
            });
        }
        // A failure here must stop the other threads too.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..ROUNDS {
                load.crash(round);
                if round % 10 == 5 {
                    gateway = Some(kill_and_restart(&load.world, gateway.take()));
                }
            }
        }));
        load.stopped.store(true, Ordering::SeqCst);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    verify(&load);
    load.world
        .kt("gateway reload --id production --file policy-config.yaml")
        .run()
        .ok();
    load.world.until_state("in-sync");
    drop(gateway);
}

fn kill_and_restart(world: &World, gateway: Option<Gateway>) -> Gateway {
    if let Some(gateway) = gateway {
        gateway.process.signal(Signal::KILL);
        let ended = gateway.process.wait(TIMEOUT);
        assert_eq!(ended.code(), None, "{ended}");
    }
    world.run("")
}

/// Every version from 1 to the last one exists, and acknowledged versions have the
/// acknowledged hash.
fn verify(load: &Load) {
    let last = load.world.inspect()["history"][0]["version"]
        .as_u64()
        .expect("a number");
    let acknowledged = load.acknowledged.lock().expect("no thread panics");
    assert!(
        acknowledged.len() > ROUNDS as usize,
        "only {} versions were acknowledged",
        acknowledged.len()
    );
    for version in 1..=last {
        let output = load
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
