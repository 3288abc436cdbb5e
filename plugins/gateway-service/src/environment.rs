//! The variables of the process that say where the person's services are. They
//! are read here and nowhere else.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// Where programs are.
    pub(crate) path: Vec<PathBuf>,
    /// Where the session's sockets are, unchecked.
    pub(crate) runtime_dir: Option<PathBuf>,
    /// The person's configuration directory.
    pub(crate) config_home: Option<PathBuf>,
    /// Who called `sudo`.
    pub(crate) sudo_user: Option<String>,
    /// The operating system that is modelled here: for tests of a backend
    /// against a model of its service manager.
    pub(crate) pretended_os: Option<String>,
    /// Names of every variable that is set to something.
    pub(crate) set: BTreeSet<String>,
}

/// Where a test wants the process to be killed; see `machine/crash.rs`.
#[cfg(debug_assertions)]
pub(crate) fn crash_at() -> Option<String> {
    std::env::var("KT_CRASH_AT").ok()
}

impl Environment {
    pub(crate) fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        // The specification of these directories tells to ignore relative ones.
        let absolute = |name: &str| text(name).map(PathBuf::from).filter(|p| p.is_absolute());
        Self {
            path: std::env::var_os("PATH")
                .map(|path| std::env::split_paths(&path).collect())
                .unwrap_or_default(),
            runtime_dir: absolute("XDG_RUNTIME_DIR"),
            config_home: absolute("XDG_CONFIG_HOME"),
            sudo_user: text("SUDO_USER"),
            pretended_os: text("KT_PRETEND_OS"),
            set: std::env::vars_os()
                .filter(|(_, value)| !value.is_empty())
                .filter_map(|(name, _)| name.into_string().ok())
                .collect(),
        }
    }
}
