//! The fuzz targets, each for a bounded time. `KT_FUZZ_SECONDS` sets another time
//! than the two seconds of a test run; `fuzz/README.md` has the way to run them
//! with libFuzzer. `KT_BLESS=1` writes the seeds to `fuzz/corpus`, which is not
//! under version control.

use crate::harness::workspace;
use kt_tests::fuzz::{TARGETS, run};
use std::fs;
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(2);

fn limit() -> Duration {
    let seconds = std::env::var("KT_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|s| s.parse().ok());
    seconds.map_or(TIME_LIMIT, Duration::from_secs)
}

fn fuzz(name: &str) {
    let target = TARGETS.iter().find(|t| t.name == name);
    let target = target.expect("the target exists");
    if std::env::var("KT_BLESS").is_ok_and(|v| v == "1") {
        let folder = workspace().join("fuzz/corpus").join(name);
        fs::create_dir_all(&folder).expect("the folder can be created");
        for (index, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{index}")), seed).expect("a seed can be written");
        }
    }
    let count = run(target, limit());
    assert!(count > 20, "{name}: only {count} inputs were checked");
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { fuzz(stringify!($name)); })*

        #[test]
        fn every_target_is_a_test() {
            let tests = [$(stringify!($name)),*];
            let targets: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
            assert_eq!(targets, tests);
            for name in tests {
                let entry = workspace().join(format!("fuzz/fuzz_targets/{name}.rs"));
                assert!(entry.is_file(), "{}", entry.display());
            }
        }
    };
}

targets![canonical_json, elf, manifest, policy, sse, token];
