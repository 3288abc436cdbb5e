//! A PostgreSQL server of one test, which the test may stop and start.

use super::paths::workspace;
use super::tools::{missing, tool};
use kt_tls::fixture::CertificateFiles;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The exit code of `tests/scripts/postgres.sh` when PostgreSQL is not installed.
const NOT_INSTALLED: i32 = 77;

/// A database cluster, which is stopped when this is dropped.
pub(crate) struct Postgres {
    dir: TempDir,
    url: String,
    password: String,
}

impl Postgres {
    /// Creates and starts a cluster. Returns nothing where PostgreSQL is missing.
    ///
    /// # Panics
    /// When PostgreSQL is missing and `CI` is set, or does not start.
    pub(crate) fn start() -> Option<Self> {
        Self::with(None)
    }

    /// The same as [`Postgres::start`], with TLS.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub(crate) fn start_with_tls(pair: &CertificateFiles) -> Option<Self> {
        Self::with(Some(pair))
    }

    fn with(pair: Option<&CertificateFiles>) -> Option<Self> {
        tool("psql")?;
        // A short name: paths of unix sockets have at most 107 bytes.
        let dir = tempfile::Builder::new()
            .prefix("kt-pg-")
            .tempdir()
            .expect("a temporary folder can be created");
        if let Some(pair) = pair {
            for (from, to) in [(&pair.certificate, "server.crt"), (&pair.key, "server.key")] {
                std::fs::copy(from, dir.path().join(to)).expect("the files can be copied");
            }
        }
        let started = script("start", dir.path(), &[]);
        if started.status.code() == Some(NOT_INSTALLED) {
            missing("postgres")?;
        }
        assert!(started.status.success(), "{started:?}");
        let read = |name: &str| {
            let text = std::fs::read_to_string(dir.path().join(name)).expect("it was written");
            text.trim().to_owned()
        };
        let (url, password) = (read("url"), read("password"));
        Some(Self { dir, url, password })
    }

    /// The URL, without the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The password.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Stops it like a crash: nothing more is written.
    pub(crate) fn crash(&self) {
        let stopped = script("stop", self.dir.path(), &["immediate"]);
        assert!(stopped.status.success(), "{stopped:?}");
    }

    /// Starts it again on the same port, with everything that was committed.
    pub(crate) fn restart(&self) {
        let started = script("start", self.dir.path(), &[]);
        assert!(started.status.success(), "{started:?}");
    }

    /// Runs a query. Returns lines of columns that are separated by `|`.
    pub(crate) fn query(&self, sql: &str) -> String {
        let psql = tool("psql").expect("it was found at the start");
        let output = Command::new(psql)
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"])
            .args([&self.url, "-c", sql])
            .env("PGPASSWORD", &self.password)
            .output()
            .expect("psql can be started");
        assert!(output.status.success(), "{sql}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(script("stop", self.dir.path(), &["immediate"]));
    }
}

fn script(word: &str, dir: &Path, more: &[&str]) -> Output {
    Command::new(workspace().join("tests/scripts/postgres.sh"))
        .arg(word)
        .arg(dir)
        .args(more)
        .output()
        .expect("the script can be started")
}
