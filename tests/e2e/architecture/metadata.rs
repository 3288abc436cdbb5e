//! What `cargo metadata` reports about the workspace.

use crate::harness::{cargo, workspace};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The supported platforms; dependencies of other platforms are left out.
const PLATFORMS: [&str; 3] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
];

/// The example of a third party: outside of the workspace, but held to its rules.
const EXAMPLE: (&str, &str) = ("service-s6", "tests/plugins/service-s6/src/lib.rs");

/// The packages of the lock file that are used on our platforms.
pub(crate) fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let mut command = Command::new(cargo());
        command.args(["metadata", "--format-version", "1", "--locked"]);
        for platform in PLATFORMS {
            command.args(["--filter-platform", platform]);
        }
        let out = command
            .current_dir(workspace())
            .output()
            .expect("cargo can be started");
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "cargo metadata: {stderr}");
        serde_json::from_slice(&out.stdout).expect("cargo writes JSON")
    })
}

/// The packages of the workspace.
pub(super) fn members() -> impl Iterator<Item = &'static Value> {
    let packages = metadata()["packages"].as_array().into_iter().flatten();
    packages.filter(|p| p["source"].is_null())
}

/// The root files of the crates, from the root of the workspace, with the
/// names of their packages.
pub(super) fn crate_roots() -> Vec<(String, PathBuf)> {
    let root = workspace().canonicalize().expect("the workspace exists");
    let mut roots = vec![(EXAMPLE.0.to_owned(), PathBuf::from(EXAMPLE.1))];
    for package in members() {
        let name = package["name"].as_str().unwrap_or_default();
        for target in package["targets"].as_array().into_iter().flatten() {
            let path = Path::new(target["src_path"].as_str().unwrap_or_default());
            let path = path.strip_prefix(&root).expect("it is in the workspace");
            roots.push((name.to_owned(), path.to_owned()));
        }
    }
    roots
}
