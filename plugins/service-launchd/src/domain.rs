//! Where agents live, and what a service is called there.

use kt_plugin_api::service::{ExecSpec, ServiceName, SystemInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What every label begins with: the product's name in reverse-domain form.
const LABEL_PREFIX: &str = "dev";
/// How long a call that only reads or registers may take, milliseconds.
pub(crate) const QUICK_MS: u64 = 10_000;
/// How long `status` waits for an answer, milliseconds.
pub(crate) const LOOK_MS: u64 = 2_000;

/// `launchctl` ended: no such service (3 is `ESRCH`, 113 launchd's own).
pub(crate) const NOT_LOADED: [i32; 2] = [3, 113];
/// `launchctl bootstrap` ended: the earlier job is still on its way out (5 is
/// `EIO`, 37 `EALREADY`).
pub(crate) const DRAINING: [i32; 2] = [5, 37];
/// `launchctl` ended: it is under way already (36 is `EINPROGRESS`). After
/// `bootout` the agent is on its way out, after `kickstart` it runs.
pub(crate) const UNDER_WAY: [i32; 2] = [36, 37];
/// `launchctl` ended: nobody is logged in at the screen, so that there is no
/// such domain.
pub(crate) const NO_SESSION: [i32; 2] = [112, 125];

/// The label: `dev.kt.gateway`, `dev.kt.gateway.edge`.
pub(crate) fn label(family: &str, name: &ServiceName) -> String {
    let family = format!("{LABEL_PREFIX}.{}", family.replace('-', "."));
    name.qualify(&family, '.')
}

/// The person's graphical session.
pub(crate) fn domain(system: &SystemInfo) -> String {
    format!("gui/{}", system.uid)
}

/// The service within the session.
pub(crate) fn target(system: &SystemInfo, label: &str) -> String {
    format!("{}/{label}", domain(system))
}

/// The agent's property list.
pub(crate) fn plist_path(system: &SystemInfo, label: &str) -> PathBuf {
    system
        .home
        .join("Library/LaunchAgents")
        .join(format!("{label}.plist"))
}

/// A call of `launchctl`.
pub(crate) fn launchctl(words: &[&str]) -> ExecSpec {
    let argv: Vec<&str> = std::iter::once(&"launchctl")
        .chain(words)
        .copied()
        .collect();
    ExecSpec::new(&argv, BTreeMap::new(), QUICK_MS)
}
