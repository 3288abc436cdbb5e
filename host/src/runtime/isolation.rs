//! Which plugins run in processes of their own, and with what memory limit.

#![forbid(unsafe_code)]

use crate::discovery::PluginManifest;
use crate::discovery::PluginSource;
use kt_plugin_api::manifest::Isolation;
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// The memory limit of a plugin, unless the settings have another one.
const DEFAULT_MEMORY_LIMIT: &str = "2GiB";
/// The rules of the user.
#[derive(Debug, Clone, Default)]
pub(crate) struct IsolationPolicy {
    /// `--isolate`.
    pub(crate) isolate_all: bool,
    /// Every plugin that is neither bundled nor a system plugin.
    pub(crate) isolate_untrusted: bool,
    /// `plugins.isolate`: names of plugins.
    pub(crate) isolate: Vec<String>,
    /// `plugins.allow_in_process`: names of plugins.
    pub(crate) allow_in_process: Vec<String>,
    /// `plugins.memory_limit`.
    pub(crate) memory_limit: Option<String>,
    /// The time limit of `initialize`; `None` for the default.
    pub(crate) start_timeout: Option<Duration>,
}

impl IsolationPolicy {
    /// Returns whether a library runs in a process of its own.
    ///
    /// By default these are the libraries of third parties that provide interfaces and
    /// have no commands: every call of them is a function of JSON, so that a process
    /// changes nothing but the consequences of a crash.
    pub(super) fn isolates(&self, source: PluginSource, manifest: &PluginManifest) -> bool {
        if self.isolate_all || self.isolate.contains(&manifest.name) {
            return true;
        }
        let trusted = matches!(source, PluginSource::Bundled | PluginSource::System);
        if self.isolate_untrusted && !trusted {
            return true;
        }
        let only_provides = !manifest.has_commands() && !manifest.provides.is_empty();
        match manifest.isolation {
            Some(Isolation::Process) => true,
            Some(Isolation::InProcess) if self.allow_in_process.contains(&manifest.name) => false,
            _ => !trusted && only_provides,
        }
    }

    /// Returns the memory limit in bytes, and as text; `None` for no limit.
    ///
    /// # Errors
    /// Class `settings`.
    pub(super) fn memory_limit(&self) -> Result<Option<(u64, &str)>, Error> {
        let text = self.memory_limit.as_deref().unwrap_or(DEFAULT_MEMORY_LIMIT);
        if text == "none" {
            return Ok(None);
        }
        let bytes = parse_size(text).ok_or_else(|| {
            Error::new(
                Class::Settings,
                "invalid-setting",
                format!("`plugins.memory_limit` is `{text}`"),
            )
            .cause("expected a number with a unit, such as `512MiB` or `2GiB`, or `none`")
        })?;
        Ok(Some((bytes, text)))
    }
}

/// Parses a size such as `512MiB`.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text.get(digits.len()..)?.trim() {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    let number: u64 = digits.parse().ok().filter(|n| *n > 0)?;
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::{IsolationPolicy, parse_size};
    use crate::discovery::{PluginManifest, PluginSource};
    use kt_plugin_api::manifest::Manifest;

    fn manifest(extra: &str) -> PluginManifest {
        let text = format!(
            "manifest = 1\nname = 'x'\nversion = '1.0.0'\ndescription = 'X'\napi = '^1.0'\nlibrary = 'x'\n{extra}"
        );
        toml::from_str::<Manifest>(&text).unwrap().into()
    }

    fn isolates(policy: &IsolationPolicy, source: PluginSource, manifest: &PluginManifest) -> bool {
        policy.isolates(source, manifest)
    }

    const COMMAND: &str = "[[command]]\npath = ['x']\nabout = 'X'\n";
    const PROVIDES: &str = "[[provides]]\ninterface = 'x/1'\nname = 'x'\n";

    #[test]
    fn only_interfaces_of_third_parties_are_isolated_by_default() {
        let policy = IsolationPolicy::default();
        let both = format!("{COMMAND}{PROVIDES}");
        for source in [
            PluginSource::User,
            PluginSource::Option,
            PluginSource::Environment,
        ] {
            assert!(isolates(&policy, source, &manifest(PROVIDES)));
            assert!(!isolates(&policy, source, &manifest(COMMAND)));
            assert!(!isolates(&policy, source, &manifest(&both)));
        }
        for source in [PluginSource::Bundled, PluginSource::System] {
            assert!(!isolates(&policy, source, &manifest(PROVIDES)));
        }
    }

    #[test]
    fn a_manifest_cannot_leave_its_process_without_the_user() {
        let in_process = manifest(&format!("isolation = 'in-process'\n{PROVIDES}"));
        let process = manifest(&format!("isolation = 'process'\n{COMMAND}"));
        let mut policy = IsolationPolicy::default();
        assert!(isolates(&policy, PluginSource::User, &in_process));
        assert!(isolates(&policy, PluginSource::Bundled, &process));
        policy.allow_in_process.push("x".to_owned());
        assert!(!isolates(&policy, PluginSource::User, &in_process));
        assert!(isolates(&policy, PluginSource::User, &manifest(PROVIDES)));
        policy.isolate.push("x".to_owned());
        assert!(isolates(&policy, PluginSource::Bundled, &in_process));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("512MiB"), Some(512 << 20));
        assert_eq!(parse_size("2 GiB"), Some(2 << 30));
        for wrong in [
            "",
            "512",
            "0MiB",
            "-1GiB",
            "1GB",
            "1.5GiB",
            "99999999999999GiB",
        ] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }
}
