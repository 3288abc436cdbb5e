//! Services on a real `systemd --user`, in the rig's private namespaces.

use crate::harness::{Sandbox, dist, workspace};
use std::path::Path;
use std::time::Duration;

/// What the rig ends with where it cannot work.
const UNUSABLE: i32 = 77;

/// Create, install, kill, reload, edit, take back, uninstall: the steps and
/// what each must do are in the script.
#[test]
fn a_service_lives_under_a_real_user_manager() {
    let sandbox = Sandbox::new();
    let script = workspace().join("tests/rigs/service-lifecycle.sh");
    let ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    let require = if ci { "require" } else { "auto" };
    let ran = sandbox
        .program(Path::new("/bin/bash"))
        .arg(&script)
        .arg(dist())
        .env("KT_TEST_SYSTEMD", require)
        .limit(Duration::from_secs(180))
        .run();
    if ran.code() == Some(UNUSABLE) {
        eprintln!("SKIPPED services: {}", ran.stderr.trim());
        return;
    }
    ran.ok()
        .out_has("== a killed gateway comes back")
        .out_has("\nok\n");
}
