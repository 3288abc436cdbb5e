//! A PostgreSQL of one test, that the test may stop and start.

use super::paths::workspace;
use super::tools::{missing, tool};
use kt_tls::fixture::CertificateFiles;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// What `tests/scripts/postgres.sh` exits with when PostgreSQL is not installed.
const NOT_INSTALLED: i32 = 77;

/// A cluster; ends with the value.
pub(crate) struct Postgres {
    dir: TempDir,
    url: String,
    password: String,
}

impl Postgres {
    /// Makes and starts a cluster; nothing where PostgreSQL is missing.
    ///
    /// # Panics
    /// When it is missing and `CI` is set, or does not start.
    pub(crate) fn start() -> Option<Self> {
        Self::with(None)
    }

    /// The same, with TLS.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub(crate) fn start_with(pair: &CertificateFiles) -> Option<Self> {
        Self::with(Some(pair))
    }

    fn with(pair: Option<&CertificateFiles>) -> Option<Self> {
        tool("psql")?;
        // A short name: paths of unix sockets end after 107 bytes.
        let dir = tempfile::Builder::new()
            .prefix("kt-pg-")
            .tempdir()
            .expect("the temporary directory takes a folder");
        if let Some(pair) = pair {
            for (from, to) in [(&pair.certificate, "server.crt"), (&pair.key, "server.key")] {
                std::fs::copy(from, dir.path().join(to)).expect("the folder takes files");
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

    /// The address, without the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The password.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Ends it like a crash: nothing is written any more.
    pub(crate) fn crash(&self) {
        let stopped = script("stop", self.dir.path(), &["immediate"]);
        assert!(stopped.status.success(), "{stopped:?}");
    }

    /// Starts it again, on the same port and with everything that was committed.
    pub(crate) fn restart(&self) {
        let started = script("start", self.dir.path(), &[]);
        assert!(started.status.success(), "{started:?}");
    }

    /// Asks something by hand; lines of columns separated by `|`.
    pub(crate) fn ask(&self, sql: &str) -> String {
        let psql = tool("psql").expect("it was there at the start");
        let asked = Command::new(psql)
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"])
            .args([&self.url, "-c", sql])
            .env("PGPASSWORD", &self.password)
            .output()
            .expect("psql can be started");
        assert!(asked.status.success(), "{sql}: {asked:?}");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
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
