//! Runs a rig of `tests/rigs`.

use crate::harness::{CommandOutput, Sandbox, workspace};
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// The exit code of a rig that is not supported on this system.
const UNSUPPORTED: i32 = 77;
/// Many times the duration of any rig.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs `script` with `args`.
///
/// Returns `None`, with a message on stderr, where the rig is not supported. If `CI` is set,
/// that is a failure.
#[expect(clippy::print_stderr, reason = "a skipped test is reported")]
pub(crate) fn rig<I: AsRef<OsStr>>(
    script: &str,
    args: impl IntoIterator<Item = I>,
) -> Option<CommandOutput> {
    let ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    let require = if ci { "require" } else { "auto" };
    let sandbox = Sandbox::new();
    let output = sandbox
        .program(Path::new("/bin/bash"))
        .arg(workspace().join("tests/rigs").join(script))
        .args(args)
        .env("KT_TEST_SYSTEMD", require)
        .limit(LIMIT)
        .run();
    if output.code() == Some(UNSUPPORTED) {
        eprintln!("SKIPPED {script}: {}", output.stderr.trim());
        return None;
    }
    Some(output)
}
