//! How the user manager is called, and what a service is called there.

use kt_plugin_api::service::{ExecSpec, ServiceName, SystemInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How long a call that only reads or registers may take, milliseconds. Such
/// calls were measured at 15 to 50 ms; the margin is for a machine under load.
pub(crate) const QUICK_MS: u64 = 10_000;
/// How long `status` waits for an answer, milliseconds.
pub(crate) const LOOK_MS: u64 = 2_000;

/// The unit's name.
pub(crate) fn unit_name(family: &str, name: &ServiceName) -> String {
    format!("{}.service", name.qualify(family, '-'))
}

/// The unit's file: where the user manager looks first.
pub(crate) fn unit_path(system: &SystemInfo, unit: &str) -> PathBuf {
    system.config_home.join("systemd/user").join(unit)
}

/// The file that marks a user as lingering; it can be read without logind.
pub(crate) fn linger_mark(system: &SystemInfo) -> Option<PathBuf> {
    let user = Some(&system.user).filter(|user| !user.is_empty())?;
    Some(PathBuf::from("/var/lib/systemd/linger").join(user))
}

/// The environment for programs that talk to the user manager: where it is
/// reached, and output that does not depend on language or terminal.
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

/// A call of `systemctl` for the user manager.
pub(crate) fn systemctl(system: &SystemInfo, words: &[&str], timeout_ms: u64) -> ExecSpec {
    let fixed = ["systemctl", "--user", "--no-pager", "--no-ask-password"];
    let argv: Vec<&str> = fixed.iter().chain(words).copied().collect();
    ExecSpec::new(&argv, environment(system), timeout_ms)
}
