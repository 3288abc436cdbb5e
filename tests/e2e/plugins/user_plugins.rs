//! The plugins of the user in a sandbox, and artifacts to install them from.

use super::plugin_dir::CPlugin;
use crate::harness::{CommandOutput, Sandbox, TestCommand};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::path::{Path, PathBuf};

/// A sandbox with the C probe, which the tests install.
pub(crate) struct UserPlugins {
    pub(crate) sandbox: Sandbox,
    /// The library of version 1.0.0.
    pub(crate) library: Vec<u8>,
}

impl UserPlugins {
    /// Builds the probe, if there is a compiler.
    pub(crate) fn new() -> Option<Self> {
        Self::within(Sandbox::new())
    }

    /// The same in a given sandbox.
    pub(crate) fn within(sandbox: Sandbox) -> Option<Self> {
        let library = CPlugin::probe().compile(&sandbox.root().join("tmp"))?;
        Some(Self { sandbox, library })
    }

    /// The plugin directory of the user.
    pub(crate) fn dir(&self) -> PathBuf {
        self.sandbox.home().join("data/plugins")
    }

    /// The directory of the probe below it.
    pub(crate) fn probe(&self) -> PathBuf {
        self.dir().join("probe")
    }

    /// The lock file.
    pub(crate) fn lock(&self) -> PathBuf {
        self.sandbox.home().join("config/plugins.lock")
    }

    /// A command of `kt`.
    pub(crate) fn kt(&self, line: &str) -> TestCommand {
        self.sandbox.kt_line(line)
    }

    /// Runs `kt plugin list`, and returns state, tier and reason of the probe.
    pub(crate) fn listed(&self) -> (String, String, String) {
        let output = self.kt("plugin list -o json").run();
        let rows = output.ok().json();
        let mut rows = rows.as_array().into_iter().flatten();
        let row = rows.find(|r| r["name"] == "probe" && r["state"] != "shadowed");
        let row = row.unwrap_or_else(|| panic!("no probe{output}"));
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("tier"), text("reason"))
    }

    /// Writes the probe to a directory that is not searched.
    pub(crate) fn source(&self, name: &str) -> PathBuf {
        self.source_of(name, &CPlugin::probe(), &self.library)
    }

    /// Writes version 2.0.0 of the probe to a directory that is not searched.
    pub(crate) fn source_2(&self, name: &str) -> PathBuf {
        let plugin = CPlugin::probe()
            .manifest("version = \"1.0.0\"", "version = \"2.0.0\"")
            .define("PROBE_VERSION=\"2.0.0\"");
        let library = plugin.compile(&self.sandbox.root().join("tmp"));
        self.source_of(name, &plugin, &library.expect("there is a compiler"))
    }

    /// Writes a plugin to a directory that is not searched.
    pub(crate) fn source_of(&self, name: &str, plugin: &CPlugin, library: &[u8]) -> PathBuf {
        let dir = self.sandbox.path(name);
        write(&dir, plugin.text().as_bytes(), library);
        dir
    }

    /// Puts the probe in the plugin directory of the user, without installing it.
    pub(crate) fn drop_in(&self) -> PathBuf {
        write(
            &self.probe(),
            CPlugin::probe().text().as_bytes(),
            &self.library,
        );
        self.probe().join("libprobe.so")
    }

    /// Installs from a path.
    pub(crate) fn install(&self, path: &Path, options: &str) -> CommandOutput {
        let line = format!("plugin install {} --yes {options}", path.display());
        self.kt(&line).run()
    }

    /// Writes an archive of a directory.
    pub(crate) fn archive(&self, dir: &Path, name: &str) -> PathBuf {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let added = builder.append_dir_all("probe-1.0.0", dir);
        added.expect("the directory can be read");
        let bytes = builder.into_inner().and_then(GzEncoder::finish);
        self.sandbox.write(name, bytes.expect("memory is writable"))
    }

    /// Asserts that the probe runs.
    #[track_caller]
    pub(crate) fn runs(&self) {
        drop(self.run_ok());
    }

    /// Asserts that the probe runs, and returns the output.
    #[track_caller]
    pub(crate) fn run_ok(&self) -> CommandOutput {
        let output = self.kt("probe hello").run();
        output.ok();
        output
    }
}

/// Writes a manifest and the library of the probe.
pub(crate) fn write(dir: &Path, manifest: &[u8], library: &[u8]) {
    fs::create_dir_all(dir).expect("the sandbox is writable");
    fs::write(dir.join("plugin.toml"), manifest).expect("the sandbox is writable");
    fs::write(dir.join("libprobe.so"), library).expect("the sandbox is writable");
}
