//! The environment of the test: directories, gateways and an executable.

use crate::system::{LocalSystem, SystemProbe as _};
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::{Class, Dirs, Error, Invocation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration of the test gateways; it needs neither network nor keys.
const POLICY: &str = "\
pack: {name: conformance, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
";
/// The time limit for a command of kt.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The environment of the test: all files of kt are in one directory.
pub(super) struct TestEnvironment {
    pub(super) home: PathBuf,
    /// The caller's invocation, with the directories of the test.
    pub(super) invocation: Invocation,
    /// A copy of kt, so that the test can replace it.
    pub(super) kt: PathBuf,
}

impl TestEnvironment {
    /// Creates the environment in the state directory: a temporary directory would not be
    /// visible to services with `PrivateTmp`.
    pub(super) fn create(original: &Invocation, name: &str) -> Result<Self, Error> {
        // The path is short, because the length of socket paths is limited.
        let home = original.dirs.state.join("t").join(name);
        let failed = |e: std::io::Error| unusable(&home, &e);
        let dir = |name: &str| home.join(name);
        let mut invocation = original.clone();
        // The new configuration directory has no profiles.
        invocation.profile = None;
        invocation.dirs = Dirs {
            config: dir("config"),
            data: dir("data"),
            state: dir("state"),
            cache: dir("cache"),
            runtime: dir("run"),
            home: original.dirs.home.clone(),
        };
        for name in ["config", "data", "state", "cache", "run", "bin", "lib/kt"] {
            let path = dir(name);
            LocalSystem
                .create_private_dir(&path)
                .map_err(|e| unusable(&path, &e))?;
        }
        let kt = dir("bin/kt");
        fs::copy(&original.exe, &kt).map_err(failed)?;
        // The copy discovers the plugins of the original through these links.
        if let Some(prefix) = original.exe.parent().and_then(Path::parent) {
            for name in ["plugins", "catalog.toml"] {
                let target = prefix.join("lib/kt").join(name);
                if target.exists() {
                    symlink(target, dir("lib/kt").join(name)).map_err(failed)?;
                }
            }
        }
        fs::write(dir("policy.yaml"), POLICY).map_err(failed)?;
        Ok(Self {
            home,
            invocation,
            kt,
        })
    }

    /// Runs kt in the environment. Returns exit code, stdout and stderr.
    pub(super) fn run_kt(
        &self,
        runner: &dyn Runner,
        args: &[&str],
    ) -> (Option<i32>, String, String) {
        let mut argv = vec![self.invocation.exe.display().to_string()];
        argv.extend(args.iter().map(|arg| (*arg).to_owned()));
        let plugins: Vec<String> = self
            .invocation
            .plugin_dirs
            .iter()
            .map(|dir| dir.display().to_string())
            .collect();
        let env = BTreeMap::from([
            ("KT_HOME".to_owned(), self.home.display().to_string()),
            ("KT_PLUGIN_PATH".to_owned(), plugins.join(":")),
            ("KEEPTRUSTS_API_URL".to_owned(), String::new()),
        ]);
        match runner.run(&argv, &env, TIMEOUT) {
            ExecOutcome::Exited {
                code,
                stdout,
                stderr,
            } => (code, stdout, stderr),
            other => (None, String::new(), format!("{other:?}")),
        }
    }

    /// Creates a gateway and returns its ID.
    pub(super) fn create_gateway(&self, runner: &dyn Runner, name: &str) -> Result<String, Error> {
        let policy = self.home.join("policy.yaml").display().to_string();
        let args = [
            "gateway", "create", "--name", name, "--file", &policy, "-o", "json",
        ];
        let (code, stdout, stderr) = self.run_kt(runner, &args);
        let value: Value = serde_json::from_str(&stdout).unwrap_or_default();
        match (code, value.get("id").and_then(Value::as_str)) {
            (Some(0), Some(id)) => Ok(id.to_owned()),
            _ => Err(Error::new(
                Class::Plugin,
                "test-gateway-not-created",
                "cannot create a gateway for the test",
            )
            .cause(stderr.trim())
            .hint("the plugins gateway-control, control-plane and gateway-run are required")),
        }
    }

    /// Replaces the executable by another file, as an upgrade does.
    pub(super) fn upgrade(&self) -> std::io::Result<()> {
        let new = self.kt.with_extension("new");
        fs::copy(&self.invocation.exe, &new)?;
        fs::rename(&new, &self.kt)
    }

    /// Removes the environment.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        fs::remove_dir_all(&self.home)?;
        // This fails while another test is running.
        if let Some(parent) = self.home.parent() {
            drop(fs::remove_dir(parent));
        }
        Ok(())
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("the test cannot use `{}`", path.display());
    Error::new(Class::Unavailable, "test-directory-unusable", message).cause(error)
}

/// Returns two free ports: for requests, and for health.
pub(super) fn free_ports() -> Option<(u16, u16)> {
    // Both listeners are open at the same time, so that the ports differ.
    let first = TcpListener::bind(("127.0.0.1", 0)).ok()?;
    let second = TcpListener::bind(("127.0.0.1", 0)).ok()?;
    Some((
        first.local_addr().ok()?.port(),
        second.local_addr().ok()?.port(),
    ))
}
