//! What a report says about a plugin.

use super::fixed_text::FixedText;
use crate::discovery::PluginManifest;
use crate::discovery::crash_line;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Name, version and home page of a loaded plugin. It is never freed, because a handler
/// may read it at any time.
pub(crate) struct PluginIdentity {
    pub(super) name: FixedText<64>,
    pub(super) version: FixedText<64>,
    /// Where to report a bug.
    pub(super) report_to: FixedText<192>,
    /// The journal of crashes, its directory, and the line to append.
    pub(super) journal: CString,
    pub(super) journal_dir: CString,
    pub(super) crash_line: String,
}

impl PluginIdentity {
    pub(super) fn new(manifest: &PluginManifest, journal: &Path) -> &'static Self {
        // A path with a zero byte does not exist: then no crash is recorded.
        let path = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
        let report_to = match manifest.homepage.as_str() {
            "" => FixedText::of(format_args!("its author")),
            homepage => FixedText::of(format_args!("{homepage}")),
        };
        Box::leak(Box::new(Self {
            name: FixedText::of(format_args!("{}", manifest.name)),
            version: FixedText::of(format_args!("{}", manifest.version)),
            report_to,
            journal: path(journal),
            journal_dir: path(journal.parent().unwrap_or(journal)),
            crash_line: crash_line(&manifest.name, &manifest.version),
        }))
    }
}

#[cfg(test)]
impl PluginIdentity {
    /// Returns the identity of a plugin that only has a name.
    ///
    /// # Panics
    /// When the name is not valid.
    pub(super) fn named(name: &str) -> &'static Self {
        let text = format!(
            "manifest = 1\nname = \"{name}\"\nversion = \"1.0.0\"\n\
             description = \"x\"\napi = \"^1.0\"\nlibrary = \"x\"\n"
        );
        let manifest: kt_plugin_api::manifest::Manifest =
            toml::from_str(&text).expect("the manifest is valid");
        Self::new(&manifest.into(), Path::new("/"))
    }
}
