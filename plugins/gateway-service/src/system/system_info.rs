//! The information about the system and the user that a backend needs.

use super::environment::Environment;
use kt_plugin_api::service::SystemInfo;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The time limit for looking up the user's name.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// Collects the information.
pub(crate) fn collect_system_info(
    env: &Environment,
    home: &Path,
    runner: &dyn Runner,
) -> SystemInfo {
    SystemInfo {
        os: env
            .os_override
            .clone()
            .unwrap_or_else(|| std::env::consts::OS.to_owned()),
        uid: rustix::process::geteuid().as_raw(),
        user: user_name(runner),
        config_home: env
            .config_home
            .clone()
            .unwrap_or_else(|| home.join(".config")),
        home: home.to_owned(),
        runtime_dir: env.runtime_dir.clone(),
        supervisor_version: None,
    }
}

/// Returns the user's name from the user database; the variable `USER` is not
/// reliable.
fn user_name(runner: &dyn Runner) -> String {
    let argv = ["id", "-un"].map(str::to_owned);
    match runner.run(&argv, &BTreeMap::new(), NAME_TIMEOUT) {
        ExecOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => stdout.trim().to_owned(),
        _ => String::new(),
    }
}
