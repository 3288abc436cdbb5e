//! The process's environment, read once and nowhere else.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Plugin directories, separated by `:`.
pub(crate) const PLUGIN_PATH: &str = "KT_PLUGIN_PATH";
/// Moves every directory of kt.
pub(crate) const HOME: &str = "KT_HOME";
/// Log level: `error`, `warn`, `info`, `debug` or `trace`.
pub(crate) const LOG: &str = "KT_LOG";
/// Output format.
pub(crate) const OUTPUT: &str = "KT_OUTPUT";
/// `auto`, `always` or `never`.
pub(crate) const COLOR: &str = "KT_COLOR";
/// Never ask.
pub(crate) const NO_INPUT: &str = "KT_NO_INPUT";
/// No progress on the terminal.
pub(crate) const NO_PROGRESS: &str = "KT_NO_PROGRESS";
/// Who called `sudo`, which sets it.
pub(crate) const SUDO_USER: &str = "SUDO_USER";
/// Set by systemd where it keeps what a service writes (systemd.exec(5)).
pub(crate) const JOURNAL_STREAM: &str = "JOURNAL_STREAM";
/// Name of the profile.
pub(crate) const PROFILE: &str = "KT_PROFILE";

/// No profile unless one is named; for services.
pub(crate) const NO_PROFILE: &str = "KT_NO_PROFILE";

/// A snapshot of arguments, variables and the working directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// Arguments, the program's name first.
    pub(crate) args: Vec<OsString>,
    vars: BTreeMap<String, String>,
    /// The working directory; empty when it is gone.
    pub(crate) cwd: PathBuf,
    /// The running executable.
    pub(crate) exe: PathBuf,
}

impl Environment {
    /// Reads the process's environment. Variables that are not Unicode are
    /// left out: no setting of kt can be one.
    pub(crate) fn read() -> Self {
        Self {
            args: std::env::args_os().collect(),
            vars: std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
            cwd: std::env::current_dir().unwrap_or_default(),
            exe: std::env::current_exe().unwrap_or_default(),
        }
    }

    /// A variable that is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Whether a switch such as `NO_COLOR` is set.
    pub(crate) fn switch(&self, name: &str) -> bool {
        self.var(name).is_some_and(|v| v != "0" && v != "false")
    }

    #[cfg(test)]
    pub(crate) fn for_test(vars: &[(&str, &str)]) -> Self {
        Self {
            vars: vars
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            cwd: PathBuf::from("/"),
            ..Self::default()
        }
    }
}
