//! Domains, labels and paths of agents.

use kt_plugin_api::service::{ExecSpec, ServiceName, SystemInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The prefix of all labels, in reverse-domain form.
const LABEL_PREFIX: &str = "dev";
/// Timeout of a call that does not wait for the agent, in milliseconds.
pub(crate) const CALL_TIMEOUT_MS: u64 = 10_000;
/// Timeout of a probe, in milliseconds.
pub(crate) const PROBE_TIMEOUT_MS: u64 = 2_000;

/// Exit codes of `launchctl`: no such service (3 is `ESRCH`, 113 an error of
/// launchd).
pub(crate) const NOT_LOADED: [i32; 2] = [3, 113];
/// Exit codes of `launchctl bootstrap`: the previous agent is still being unloaded
/// (5 is `EIO`, 37 `EALREADY`).
pub(crate) const BOOTSTRAP_BUSY: [i32; 2] = [5, 37];
/// Exit codes of `launchctl`: the operation is in progress (36 is `EINPROGRESS`).
/// `bootout` is unloading the agent; after `kickstart` it is running.
pub(crate) const IN_PROGRESS: [i32; 2] = [36, 37];
/// Exit codes of `launchctl`: the user has no graphical session, so the domain does
/// not exist.
pub(crate) const NO_SESSION: [i32; 2] = [112, 125];

/// Returns the label: `dev.kt.gateway`, `dev.kt.gateway.edge`.
pub(crate) fn label(family: &str, name: &ServiceName) -> String {
    let family = format!("{LABEL_PREFIX}.{}", family.replace('-', "."));
    name.qualify(&family, '.')
}

/// Returns the domain of the user's graphical session.
pub(crate) fn domain(system: &SystemInfo) -> String {
    format!("gui/{}", system.uid)
}

/// Returns the service target in that domain.
pub(crate) fn target(system: &SystemInfo, label: &str) -> String {
    format!("{}/{label}", domain(system))
}

/// Returns the path of the property list.
pub(crate) fn plist_path(system: &SystemInfo, label: &str) -> PathBuf {
    system
        .home
        .join("Library/LaunchAgents")
        .join(format!("{label}.plist"))
}

/// Returns a call of `launchctl`.
pub(crate) fn launchctl(args: &[&str]) -> ExecSpec {
    let argv: Vec<&str> = std::iter::once(&"launchctl").chain(args).copied().collect();
    ExecSpec::new(&argv, BTreeMap::new(), CALL_TIMEOUT_MS)
}
