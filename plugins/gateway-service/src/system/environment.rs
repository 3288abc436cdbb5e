//! The environment variables of this process. They are read only here.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The relevant environment variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The directories of `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// The runtime directory of the session; its owner is not checked yet.
    pub(crate) runtime_dir: Option<PathBuf>,
    /// The user's configuration directory.
    pub(crate) config_home: Option<PathBuf>,
    /// The user who ran `sudo`.
    pub(crate) sudo_user: Option<String>,
    /// The operating system of a simulated service manager, in tests of a backend.
    pub(crate) os_override: Option<String>,
    /// The names of all variables with a non-empty value.
    pub(crate) set: BTreeSet<String>,
}

/// Returns the change before which a test kills the process; see `failpoint.rs`.
#[cfg(debug_assertions)]
pub(super) fn crash_at() -> Option<String> {
    std::env::var("KT_CRASH_AT").ok()
}

impl Environment {
    pub(crate) fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        // The XDG Base Directory Specification requires relative paths to be ignored.
        let absolute = |name: &str| text(name).map(PathBuf::from).filter(|p| p.is_absolute());
        Self {
            path: std::env::var_os("PATH")
                .map(|path| std::env::split_paths(&path).collect())
                .unwrap_or_default(),
            runtime_dir: absolute("XDG_RUNTIME_DIR"),
            config_home: absolute("XDG_CONFIG_HOME"),
            sudo_user: text("SUDO_USER"),
            os_override: text("KT_PRETEND_OS"),
            set: std::env::vars_os()
                .filter(|(_, value)| !value.is_empty())
                .filter_map(|(name, _)| name.into_string().ok())
                .collect(),
        }
    }
}
