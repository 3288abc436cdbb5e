//! Plugin directories that tests create.

use crate::harness::{Sandbox, TestCommand, tool, workspace};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A plugin directory in a sandbox.
pub(crate) struct PluginDir<'a> {
    sandbox: &'a Sandbox,
    path: PathBuf,
    isolate: bool,
}

/// Runs a test with libraries in the process of the host, and in processes of their own.
pub(crate) fn in_both_modes(test: impl Fn(&PluginDir<'_>)) {
    for isolate in [false, true] {
        let sandbox = Sandbox::new();
        let mut dir = PluginDir::new(&sandbox);
        dir.isolate = isolate;
        test(&dir);
    }
}

/// A plugin in C, built for a test.
pub(crate) struct CPlugin {
    source: PathBuf,
    manifest: String,
    flags: Vec<String>,
    /// The directory of the header.
    include: PathBuf,
}

// === impl PluginDir ===

impl<'a> PluginDir<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        let path = sandbox.root().join("plugins");
        fs::create_dir_all(&path).expect("the sandbox is writable");
        Self {
            sandbox,
            path,
            isolate: false,
        }
    }

    /// Returns the sandbox.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox
    }

    /// Returns the path of the directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a run of `kt` that searches this directory first.
    pub(crate) fn kt(&self, line: &str) -> TestCommand {
        let isolate = self.isolate.then_some("--isolate");
        let args = isolate.into_iter().chain(line.split_whitespace());
        self.sandbox.kt(args).env("KT_PLUGIN_PATH", &self.path)
    }

    /// Returns a run of another build of `kt` that searches this directory first.
    pub(crate) fn run_with(&self, kt: &Path, line: &str) -> TestCommand {
        self.sandbox
            .program(kt)
            .args(line.split_whitespace())
            .env("KT_PLUGIN_PATH", &self.path)
    }

    /// Installs a manifest and a library, and returns the path of the library.
    pub(crate) fn put(&self, manifest: &str, library: &[u8]) -> PathBuf {
        let dir = self.path.join(value_of(manifest, "name"));
        fs::create_dir_all(&dir).expect("the directory is writable");
        let file = dir.join(format!("lib{}.so", value_of(manifest, "library")));
        fs::write(dir.join("plugin.toml"), manifest).expect("the directory is writable");
        fs::write(&file, library).expect("the directory is writable");
        file
    }

    /// Installs the plugin `misbehaving`, which cargo built beside the tests.
    pub(crate) fn misbehaving(&self) -> PathBuf {
        let tests = std::env::current_exe().expect("the path of the test binary is known");
        self.misbehaving_from(tests.parent().expect("it is in a directory"))
    }

    /// Installs the plugin `misbehaving` from another build.
    pub(crate) fn misbehaving_from(&self, build: &Path) -> PathBuf {
        let library = build.join("libmisbehaving.so");
        let manifest = workspace().join("tests/plugins/misbehaving/plugin.toml");
        self.put(
            &read(&manifest),
            &fs::read(library).expect("cargo built the library"),
        )
    }

    /// Installs the plugin `prefix-guard`, which cargo built beside the tests.
    pub(crate) fn prefix_guard(&self) -> PathBuf {
        let tests = std::env::current_exe().expect("the path of the test binary is known");
        let build = tests.parent().expect("it is in a directory");
        let library = fs::read(build.join("libprefix_guard.so"));
        let manifest = workspace().join("tests/plugins/prefix-guard/plugin.toml");
        self.put(&read(&manifest), &library.expect("cargo built the library"))
    }

    /// Installs a program and its manifest, and returns the path of the program.
    pub(crate) fn put_program(&self, manifest: &str, program: &[u8]) -> PathBuf {
        let dir = self.path.join(value_of(manifest, "name"));
        fs::create_dir_all(&dir).expect("the directory is writable");
        let file = dir.join(value_of(manifest, "executable"));
        fs::write(dir.join("plugin.toml"), manifest).expect("the directory is writable");
        fs::write(&file, program).expect("the directory is writable");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("it is our own");
        file
    }

    /// Installs an example in `tests/plugins` that is a program.
    pub(crate) fn example_program(&self, name: &str) -> PathBuf {
        let dir = workspace().join("tests/plugins").join(name);
        let manifest = read(&dir.join("plugin.toml"));
        let program = fs::read(dir.join(value_of(&manifest, "executable")));
        self.put_program(&manifest, &program.expect("the example has a program"))
    }

    /// Builds and installs a plugin in C, if there is a compiler.
    pub(crate) fn build(&self, plugin: &CPlugin) -> Option<PathBuf> {
        let library = plugin.compile(&self.sandbox.root().join("tmp"))?;
        Some(self.put(&plugin.manifest, &library))
    }
}

// === impl CPlugin ===

impl CPlugin {
    /// The example plugin.
    pub(crate) fn greeter() -> Self {
        Self::from("greeter-c", "greeter.c")
    }

    /// The plugin that returns messages as they cross the ABI.
    pub(crate) fn echo() -> Self {
        Self::from("echo-c", "echo.c")
    }

    /// The plugin that violates the contract.
    pub(crate) fn probe() -> Self {
        Self::from("probe-c", "probe.c")
    }

    /// The plugin that fails as the environment says; with a command, if requested.
    pub(crate) fn faulty(with_command: bool) -> Self {
        let mut plugin = Self::from("faulty-c", "faulty.c").flag("-pthread".to_owned());
        if with_command {
            plugin
                .manifest
                .push_str("\n[[command]]\npath = [\"faulty\"]\nabout = \"Fail\"\n");
        }
        plugin
    }

    /// The same with another name.
    pub(crate) fn probe_named(name: &str) -> Self {
        let mut plugin = Self::probe();
        plugin.manifest = plugin.manifest.replace("probe", name);
        plugin.define(&format!("PROBE_ID=\"{name}\""))
    }

    fn from(dir: &str, source: &str) -> Self {
        let dir = workspace().join("tests/plugins").join(dir);
        Self {
            source: dir.join(source),
            manifest: read(&dir.join("plugin.toml")),
            flags: Vec::new(),
            include: workspace().join("plugin-api/include"),
        }
    }

    /// The plugin that reports the version of what crosses the boundary.
    pub(crate) fn evolution(name: &str) -> Self {
        let mut plugin = Self::from("evolution-c", "evolution.c");
        plugin.manifest = plugin
            .manifest
            .replace("\"evolution\"", &format!("\"{name}\""));
        plugin.define(&format!("EVOLUTION_NAME=\"{name}\""))
    }

    /// Uses the header in another directory.
    pub(crate) fn include(mut self, dir: &Path) -> Self {
        dir.clone_into(&mut self.include);
        self
    }

    /// Defines a macro.
    pub(crate) fn define(mut self, definition: &str) -> Self {
        self.flags.push(format!("-D{definition}"));
        self
    }

    /// Adds a compiler flag.
    pub(crate) fn flag(mut self, flag: String) -> Self {
        self.flags.push(flag);
        self
    }

    /// Changes the manifest, also in the library.
    pub(crate) fn manifest(mut self, from: &str, to: &str) -> Self {
        assert!(self.manifest.contains(from), "no `{from}` in the manifest");
        self.manifest = self.manifest.replace(from, to);
        self
    }

    /// Returns the manifest.
    pub(crate) fn text(&self) -> &str {
        &self.manifest
    }

    /// Compiles the plugin with the C header, and with warnings as errors, if there is
    /// a compiler.
    pub(crate) fn compile(&self, tmp: &Path) -> Option<Vec<u8>> {
        let gcc = tool("gcc")?;
        let dir = tempfile::tempdir_in(tmp).expect("the temporary directory is writable");
        let library = dir.path().join("plugin.so");
        fs::write(dir.path().join("plugin.toml"), &self.manifest)
            .expect("the directory is writable");
        let mut command = Command::new(gcc);
        command
            .args(["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
            .args(["-shared", "-fPIC", "-fvisibility=hidden"])
            .arg(format!("-I{}", self.include.display()))
            .arg(format!("-Wa,-I{}", dir.path().display()))
            .arg(&self.source)
            .args(&self.flags)
            .arg("-o")
            .arg(&library);
        let out = command.output().expect("the compiler can be started");
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "gcc {:?}: {stderr}", self.flags);
        Some(fs::read(library).expect("the compiler wrote it"))
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Returns the string value of a top-level key of a manifest.
fn value_of(manifest: &str, key: &str) -> String {
    let table: toml::Table = toml::from_str(manifest).expect("the manifest is TOML");
    let value = table.get(key).and_then(toml::Value::as_str);
    value.expect("the manifest has the key").to_owned()
}
