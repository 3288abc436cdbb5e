//! A PostgreSQL cluster for the server under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A cluster, which is stopped on drop.
pub struct Database {
    dir: TempDir,
}

impl Database {
    /// Starts a cluster, if PostgreSQL is installed.
    ///
    /// # Panics
    /// When there is no temporary directory.
    #[must_use]
    pub fn start() -> Option<Self> {
        // A short name: paths of Unix sockets are limited to 107 bytes.
        let dir = tempfile::Builder::new().prefix("kt-pg-").tempdir();
        let dir = dir.expect("a temporary directory");
        let started = script("start", dir.path()).status().ok()?;
        started.success().then_some(Self { dir })
    }

    /// Stops the cluster as `kill -9` does, and starts it again.
    pub fn restart(&self) {
        drop(script("stop", self.dir.path()).arg("immediate").status());
        drop(script("start", self.dir.path()).status());
    }

    /// Configures a server to use the cluster.
    ///
    /// # Panics
    /// When the address of the cluster cannot be read.
    pub fn configure(&self, command: &mut Command) {
        let read = |name: &str| {
            let text = std::fs::read_to_string(self.dir.path().join(name));
            text.expect("it was written").trim().to_owned()
        };
        command.args(["--database", &read("url")]);
        command.env("KT_DATABASE_PASSWORD", read("password"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(script("stop", self.dir.path()).arg("immediate").status());
    }
}

fn script(action: &str, dir: &Path) -> Command {
    let scripts = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts"));
    let mut command = Command::new(scripts.join("postgres.sh"));
    command
        .arg(action)
        .arg(dir)
        .stdout(std::process::Stdio::null());
    command
}
