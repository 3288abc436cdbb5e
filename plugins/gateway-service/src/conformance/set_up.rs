//! Directories, a gateway and an executable of the test's own.

use crate::machine::Here;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::{Class, Dirs, Error, Invocation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the gateways of the test serve: no network, no key.
const POLICY: &str = "\
pack: {name: conformance, version: 1.0.0, enabled: true}
providers: {targets: [{id: echo, provider: echo}]}
policies: {chain: []}
";
/// How long a command of kt may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The world of the test: everything that kt keeps lies in one directory.
pub(super) struct SetUp {
    pub(super) home: PathBuf,
    /// The caller's invocation, moved into the world of the test.
    pub(super) invocation: Invocation,
    /// A kt of the test's own, so that it can be replaced.
    pub(super) kt: PathBuf,
}

impl SetUp {
    /// Makes the world in the state directory: a temporary directory would be
    /// hidden from services with a private one.
    pub(super) fn make(original: &Invocation, word: &str) -> Result<Self, Error> {
        // Short, because sockets lie in it, and their paths are limited.
        let home = original.dirs.state.join("t").join(word);
        let failed = |e: std::io::Error| impossible(&home, &e);
        let dir = |name: &str| home.join(name);
        let mut invocation = original.clone();
        // The home of the test has none.
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
            make_dir(&dir(name))?;
        }
        let kt = dir("bin/kt");
        fs::copy(&original.exe, &kt).map_err(failed)?;
        // The copy finds the plugins of the original beside it.
        if let Some(prefix) = original.exe.parent().and_then(Path::parent) {
            for name in ["plugins", "catalog.toml"] {
                let there = prefix.join("lib/kt").join(name);
                if there.exists() {
                    symlink(there, dir("lib/kt").join(name)).map_err(failed)?;
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

    /// Runs kt in the world of the test.
    pub(super) fn kt(&self, runner: &dyn Runner, words: &[&str]) -> (Option<i32>, String, String) {
        let mut argv = vec![self.invocation.exe.display().to_string()];
        argv.extend(words.iter().map(|w| (*w).to_owned()));
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
        match runner.run(&argv, &env, PATIENCE) {
            ExecOutcome::Exited {
                code,
                stdout,
                stderr,
            } => (code, stdout, stderr),
            other => (None, String::new(), format!("{other:?}")),
        }
    }

    /// Registers a gateway and returns its id.
    pub(super) fn gateway(&self, runner: &dyn Runner, name: &str) -> Result<String, Error> {
        let policy = self.home.join("policy.yaml").display().to_string();
        let words = [
            "gateway", "create", "--name", name, "--file", &policy, "-o", "json",
        ];
        let (code, stdout, stderr) = self.kt(runner, &words);
        let value: Value = serde_json::from_str(&stdout).unwrap_or_default();
        match (code, value.get("id").and_then(Value::as_str)) {
            (Some(0), Some(id)) => Ok(id.to_owned()),
            _ => Err(Error::new(
                Class::Plugin,
                "no-gateway",
                "the test could not register a gateway",
            )
            .cause(stderr.trim())
            .hint("the plugins gateway-control, control-plane and gateway-run are needed")),
        }
    }

    /// Puts another file in the executable's place, as an upgrade does.
    pub(super) fn upgrade(&self) -> std::io::Result<()> {
        let fresh = self.kt.with_extension("new");
        fs::copy(&self.invocation.exe, &fresh)?;
        fs::rename(&fresh, &self.kt)
    }

    /// Removes everything.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        fs::remove_dir_all(&self.home)?;
        // Gone as soon as no other test is under way.
        if let Some(parent) = self.home.parent() {
            drop(fs::remove_dir(parent));
        }
        Ok(())
    }
}

fn make_dir(path: &Path) -> Result<(), Error> {
    use crate::desk::Surroundings as _;
    Here.make_private_dir(path)
        .map_err(|e| impossible(path, &e))
}

fn impossible(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("the test cannot use `{}`", path.display());
    Error::new(Class::Unavailable, "no-directory", message).cause(error)
}

/// Two ports that nobody uses: for requests, and for health.
pub(super) fn free_ports() -> Option<(u16, u16)> {
    // Both are held until both are known, so that they differ.
    let one = TcpListener::bind(("127.0.0.1", 0)).ok()?;
    let other = TcpListener::bind(("127.0.0.1", 0)).ok()?;
    Some((
        one.local_addr().ok()?.port(),
        other.local_addr().ok()?.port(),
    ))
}
