//! A signal while a command waits for the instances.

use super::world::{Mode, World, example};
use crate::harness::{TIMEOUT, wait_until};
use rustix::process::Signal;

/// The instance is stopped, so that it acknowledges nothing.
#[test]
fn an_interrupted_change_says_what_it_did_and_how_to_undo_it() {
    for mode in [Mode::Embedded, Mode::Server] {
        let world = World::new(mode);
        world.create("policy-config.yaml");
        let gateway = world.run("");
        world.until_state("in-sync");
        gateway.process.signal(Signal::STOP);
        for (n, signal, code) in [(2, Signal::INT, 130), (3, Signal::TERM, 143)] {
            let next = example().replace("version: 1.4.0", &format!("version: 1.4.{n}"));
            world.sandbox.write("next.yaml", next);
            let reload = "gateway reload --id production --file next.yaml";
            let command = world.kt(reload).spawn();
            wait_until("the publication", TIMEOUT, || {
                (world.inspect()["desired"]["version"] == n).then_some(())
            });
            command.signal(signal);
            command
                .wait(TIMEOUT)
                .exits(code)
                .stdout_is_empty()
                .stderr_contains(&format!(
                    "version {n} is published, 0 of 1 instance acknowledged"
                ))
                .stderr_contains(&format!(
                    "undo: `kt gateway revert production --version {}`",
                    n - 1
                ));
        }
        gateway.process.signal(Signal::CONT);
        world.until_state("in-sync");
    }
}
