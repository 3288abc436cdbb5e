//! Calls of the user manager, and the names of units.

use kt_plugin_api::service::{ExecSpec, ServiceName, SystemInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Timeout of a call that does not wait for a unit, in milliseconds. Such calls
/// take 15 to 50 ms; the margin is for a system under load.
pub(crate) const CALL_TIMEOUT_MS: u64 = 10_000;
/// Timeout of a probe, in milliseconds.
pub(crate) const PROBE_TIMEOUT_MS: u64 = 2_000;

/// Returns the name of the unit.
pub(crate) fn unit_name(family: &str, name: &ServiceName) -> String {
    format!("{}.service", name.qualify(family, '-'))
}

/// Returns the path of the unit file, in the directory with the highest precedence.
pub(crate) fn unit_path(system: &SystemInfo, unit: &str) -> PathBuf {
    system.config_home.join("systemd/user").join(unit)
}

/// Returns the file that marks the user as lingering; readable without logind.
pub(crate) fn linger_file(system: &SystemInfo) -> Option<PathBuf> {
    let user = Some(&system.user).filter(|user| !user.is_empty())?;
    Some(PathBuf::from("/var/lib/systemd/linger").join(user))
}

/// Returns the environment of programs that call the user manager: its runtime
/// directory, and output that does not depend on locale or terminal.
pub(crate) fn environment(system: &SystemInfo) -> BTreeMap<String, String> {
    let mut env = BTreeMap::from([
        ("LC_ALL".to_owned(), "C".to_owned()),
        ("SYSTEMD_COLORS".to_owned(), "0".to_owned()),
        ("SYSTEMD_PAGER".to_owned(), String::new()),
    ]);
    if let Some(dir) = &system.runtime_dir {
        env.insert("XDG_RUNTIME_DIR".to_owned(), dir.display().to_string());
    }
    env
}

/// Returns a call of `systemctl --user`.
pub(crate) fn systemctl(system: &SystemInfo, args: &[&str], timeout_ms: u64) -> ExecSpec {
    let options = ["systemctl", "--user", "--no-pager", "--no-ask-password"];
    let argv: Vec<&str> = options.iter().chain(args).copied().collect();
    ExecSpec::new(&argv, environment(system), timeout_ms)
}
