//! Runs a rig of `tests/rigs`, or says why it cannot work here.

use crate::harness::{CommandOutput, Sandbox, workspace};
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// What a rig ends with where it cannot work.
const UNUSABLE: i32 = 77;
/// Many times what any of them takes.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs `script` with `args`.
///
/// Where it cannot work, says so and returns nothing. When `CI` is set it is
/// told to fail then.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn rig<I: AsRef<OsStr>>(
    script: &str,
    args: impl IntoIterator<Item = I>,
) -> Option<CommandOutput> {
    let ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    let require = if ci { "require" } else { "auto" };
    let sandbox = Sandbox::new();
    let ran = sandbox
        .program(Path::new("/bin/bash"))
        .arg(workspace().join("tests/rigs").join(script))
        .args(args)
        .env("KT_TEST_SYSTEMD", require)
        .limit(LIMIT)
        .run();
    if ran.code() == Some(UNUSABLE) {
        eprintln!("SKIPPED {script}: {}", ran.stderr.trim());
        return None;
    }
    Some(ran)
}
