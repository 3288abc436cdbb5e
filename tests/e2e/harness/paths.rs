//! The paths of the workspace and of the staged tree.

use std::path::{Path, PathBuf};

/// The environment variable with the staged tree, instead of `target/dist`.
const DIST: &str = "KT_TEST_DIST";

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in a folder of the workspace")
}

/// The staged tree: `bin/kt` and `lib/kt/plugins`.
///
/// # Panics
/// When it has not been built.
pub(crate) fn dist() -> PathBuf {
    let dist = std::env::var_os(DIST)
        .map_or_else(|| workspace().join("target/dist"), |d| workspace().join(d));
    assert!(
        dist.join("bin/kt").is_file(),
        "`{}` does not exist: run `make build PROFILE=staging` first, or set {DIST}",
        dist.join("bin/kt").display()
    );
    dist
}
