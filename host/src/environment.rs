//! The process environment. It is read once, here.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Plugin directories, separated by `:`.
pub(crate) const PLUGIN_PATH: &str = "KT_PLUGIN_PATH";
/// Root of every directory of kt, instead of the XDG directories.
pub(crate) const HOME: &str = "KT_HOME";
/// Completes a command line for the shell of this name; set by the scripts of
/// `kt completion`.
pub(crate) const COMPLETE: &str = "KT_COMPLETE";
/// Log level: `error`, `warn`, `info`, `debug` or `trace`.
pub(crate) const LOG: &str = "KT_LOG";
/// Output format.
pub(crate) const OUTPUT: &str = "KT_OUTPUT";
/// `auto`, `always` or `never`.
pub(crate) const COLOR: &str = "KT_COLOR";
/// Disables prompts.
pub(crate) const NO_INPUT: &str = "KT_NO_INPUT";
/// The pager, which has precedence over `PAGER`.
pub(crate) const PAGER: &str = "KT_PAGER";
/// Disables progress messages.
pub(crate) const NO_PROGRESS: &str = "KT_NO_PROGRESS";
/// The user who ran `sudo`; set by `sudo`.
pub(crate) const SUDO_USER: &str = "SUDO_USER";
/// Set by systemd if the journal receives the output of a service
/// (systemd.exec(5)).
pub(crate) const JOURNAL_STREAM: &str = "JOURNAL_STREAM";
/// Name of the settings profile.
pub(crate) const PROFILE: &str = "KT_PROFILE";

/// Disables `default_profile` and the profile `default`; for services.
pub(crate) const NO_PROFILE: &str = "KT_NO_PROFILE";

/// Adds an unknown key to every invocation, as a later minor version of kt may; set by
/// `kt plugin test`.
pub(crate) const UNKNOWN_KEYS: &str = "KT_TEST_UNKNOWN_KEYS";

/// A snapshot of arguments, variables and the working directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// Arguments; the first is the name of the program.
    pub(crate) args: Vec<OsString>,
    vars: BTreeMap<String, String>,
    /// The working directory; empty if it was removed.
    pub(crate) cwd: PathBuf,
    /// Path of the running executable.
    pub(crate) exe: PathBuf,
}

/// Returns where a test kills this process; see `install::failpoint`.
#[cfg(debug_assertions)]
pub(crate) fn crash_at() -> Option<String> {
    std::env::var("KT_CRASH_AT").ok()
}

impl Environment {
    /// Reads the process environment. Variables that are not valid Unicode are
    /// ignored.
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

    /// Returns the environment of a process with other arguments.
    pub(crate) fn with_args(&self, args: Vec<OsString>) -> Self {
        Self {
            args,
            ..self.clone()
        }
    }

    /// Returns the value of a variable that is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Returns the text of a variable, also an empty one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// Returns whether a variable such as `NO_COLOR` is set, and neither `0` nor
    /// `false`.
    pub(crate) fn is_enabled(&self, name: &str) -> bool {
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
