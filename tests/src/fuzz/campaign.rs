//! Runs a target for a bounded time.

use super::mutator::mutate;
use super::random::Random;
use super::seeds::{files, workspace};
use super::target::Target;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Every run starts with the same mutations.
const SEED: u64 = 0x6b74_6b74_6b74;

/// Checks the seeds, the inputs that failed before, and mutations of both until
/// `limit` is over. Returns the number of inputs.
///
/// # Panics
/// When a check panics. The input is stored in `fuzz/artifacts` of the workspace.
pub fn run(target: &Target, limit: Duration) -> usize {
    let mut seeds = (target.seeds)();
    seeds.extend(files(&format!("fuzz/regressions/{}", target.name), ""));
    let mut count = 0;
    for seed in &seeds {
        check(target, seed);
        count += 1;
    }
    let mut random = Random::new(SEED);
    let end = Instant::now() + limit;
    while Instant::now() < end {
        check(target, &mutate(&mut random, &seeds, target.words));
        count += 1;
    }
    count
}

fn check(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(input))) {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or(panic.downcast_ref::<&str>().copied());
        let folder = workspace().join("fuzz/artifacts").join(target.name);
        let path = folder.join(format!("stable-{}", std::process::id()));
        let stored = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
        panic!(
            "{}: {}\nthe input is in {} ({stored:?})",
            target.name,
            message.unwrap_or("a panic without a message"),
            path.display()
        );
    }
}
