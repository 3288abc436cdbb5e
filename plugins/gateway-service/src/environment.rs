//! The variables of the process that say where the person's services are. They
//! are read here and nowhere else.

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
    /// The profile of settings.
    pub(crate) profile: Option<String>,
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
            profile: text("KT_PROFILE"),
        }
    }
}
