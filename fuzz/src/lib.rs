//! libFuzzer's side of the fuzz targets in `tests/src/fuzz`.

use kt_tests::fuzz::TARGETS;

/// Passes an input to the target `name`.
pub fn check(name: &str, input: &[u8]) {
    if let Some(target) = TARGETS.iter().find(|target| target.name == name) {
        (target.check)(input);
    }
}
