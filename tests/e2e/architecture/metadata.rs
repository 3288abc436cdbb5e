//! What `cargo metadata` says of the workspace.

use crate::harness::{cargo, workspace};
use serde_json::Value;
use std::process::Command;
use std::sync::OnceLock;

/// The platforms that kt is made for: dependencies of others are not ours.
const PLATFORMS: [&str; 3] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
];

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
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "cargo metadata: {said}");
        serde_json::from_slice(&out.stdout).expect("cargo writes JSON")
    })
}
