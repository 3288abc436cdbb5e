//! What kt installed: `<state>/service/<name>/service.json`, and the lock that
//! keeps two kts from changing one service at a time.

use super::Lock;
use crate::sandbox::Level;
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Artifact, ProbeOutcome, ServiceName, ServiceSpec};
use kt_plugin_api::{Class, Error};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// Only the person may read it: it names what runs and where.
const MODE: u32 = 0o600;

/// A service that kt installed, or was about to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Name and version of this shape: `kt.gateway.service/1`.
    pub(crate) schema: String,
    /// Whether the installation came to its end.
    pub(crate) phase: Phase,
    /// Name of the backend.
    pub(crate) backend: String,
    /// The gateway's id.
    pub(crate) gateway_id: String,
    /// Its name when it was installed, for people.
    pub(crate) gateway_name: String,
    /// The kt that installed it.
    pub(crate) kt_version: String,
    /// What was rendered.
    pub(crate) spec: ServiceSpec,
    /// Where it serves, if that was said.
    #[serde(default)]
    pub(crate) listen: Option<String>,
    /// Where it serves health and metrics, if that was said.
    #[serde(default)]
    pub(crate) admin_listen: Option<String>,
    /// The service manager when the sandbox was tried: `systemd 252`. Another
    /// one may allow more, or less.
    #[serde(default)]
    pub(crate) supervisor: String,
    /// How far the person wants it to be shut in.
    #[serde(default)]
    pub(crate) sandbox: Level,
    /// The running process was started before the last change.
    #[serde(default)]
    pub(crate) restart_pending: bool,
    /// StepError the sandbox is not a strict one, where a strict one was tried.
    #[serde(default)]
    pub(crate) sandbox_refused: Option<String>,
    /// Its files.
    pub(crate) files: Vec<RecordedFile>,
    /// Where the service puts its sockets.
    pub(crate) runtime_dir: PathBuf,
    /// kt made services of the person start at boot; they did not before.
    #[serde(default)]
    pub(crate) linger_by_kt: bool,
    /// When, RFC 3339.
    pub(crate) installed_at: String,
}

/// How far an installation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// It began. A file may be the earlier one or the new one.
    Installing,
    /// It is done.
    Installed,
    /// Its removal began. Parts of it may be gone.
    Removing,
}

/// A file as kt wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedFile {
    /// Where.
    pub(crate) path: PathBuf,
    /// sha256 of its bytes, hexadecimal.
    pub(crate) sha256: String,
    /// Its text, against which edits are seen.
    #[serde(default)]
    pub(crate) content: String,
    /// Those that it may still be, while an installation is under way: what it
    /// replaces, and what earlier ones replaced that were cut off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) replaces: Vec<String>,
}

/// The shape that this version writes.
pub(crate) const SCHEMA: &str = "kt.gateway.service/1";

/// The sha256 of `bytes`, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Where records are.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    root: PathBuf,
}

impl Records {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            root: state.join("service"),
        }
    }

    /// The directory of one service.
    pub(crate) fn dir(&self, name: &ServiceName) -> PathBuf {
        self.root.join(name.as_str())
    }

    fn file(&self, name: &ServiceName) -> PathBuf {
        self.dir(name).join("service.json")
    }

    /// Locks one service.
    ///
    /// # Errors
    /// Class `conflict` when another kt holds it.
    pub(crate) fn lock(&self, name: &ServiceName) -> Result<Lock, Error> {
        Lock::take(&self.root.join(format!("{name}.lock")), name)
    }

    /// Reads a record; `None` when nothing was installed.
    ///
    /// # Errors
    /// Class `plugin` for a record that cannot be understood, such as a newer
    /// kt's: guessing could destroy what it describes.
    pub(crate) fn read(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
    ) -> Result<Option<Record>, Error> {
        let path = self.file(name);
        let bytes = runner.read(&path).map_err(|e| unreadable(&path, e))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let record: Record = serde_json::from_slice(&bytes).map_err(|e| unreadable(&path, e))?;
        if record.schema == SCHEMA {
            return Ok(Some(record));
        }
        Err(unreadable(
            &path,
            format!("its shape is `{}`", record.schema),
        ))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// Class `unavailable` when the disk does not take it.
    pub(crate) fn write(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        record: &Record,
    ) -> Result<(), Error> {
        let path = self.file(name);
        let mut text = serde_json::to_string_pretty(record)
            .map_err(|e| Error::internal("the service's record cannot be written").cause(e))?;
        text.push('\n');
        runner.write(&path, MODE, text.as_bytes()).map_err(|e| {
            let message = format!("cannot write {}", path.display());
            Error::new(Class::Unavailable, "record-not-written", message).cause(e)
        })
    }

    /// Puts a record back as it was.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(crate) fn restore(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        was: Option<&Record>,
    ) -> Result<(), Error> {
        match was {
            Some(record) => self.write(runner, name, record),
            None => runner.remove(&self.file(name)).map(drop).map_err(|e| {
                let message = "cannot remove the service's record";
                Error::new(Class::Unavailable, "record-not-written", message).cause(e)
            }),
        }
    }

    /// Forgets how earlier runs ended: a person wants another try. A host that
    /// starts forgets it too; but until then it would be read as the end of the
    /// new run.
    pub(crate) fn forget_ends(&self, runner: &dyn Runner, name: &ServiceName) {
        for file in ["parked.json", "starts.json"] {
            drop(runner.remove(&self.dir(name).join(file)));
        }
    }

    /// Removes what the host kept beside the record for a supervised run; with
    /// `log` its log and copies of edited files too.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(crate) fn clear(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        log: bool,
    ) -> Result<(), Error> {
        let dir = self.dir(name);
        let ProbeOutcome::Entries(names) = runner.list(&dir) else {
            return Ok(());
        };
        let counts = |file: &str| matches!(file, "parked.json" | "starts.json");
        for file in names
            .iter()
            .filter(|file| counts(file) || (log && *file != "service.json"))
        {
            runner.remove(&dir.join(file)).map_err(|e| {
                let message = format!("cannot remove {}", dir.join(file).display());
                Error::new(Class::Unavailable, "record-not-written", message).cause(e)
            })?;
        }
        Ok(())
    }

    /// Every other service's record that can be read.
    pub(crate) fn others(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
    ) -> Vec<(ServiceName, Record)> {
        let ProbeOutcome::Entries(names) = runner.list(&self.root) else {
            return Vec::new();
        };
        names
            .iter()
            .filter_map(|n| ServiceName::parse(n).ok())
            .filter(|n| n != name)
            .filter_map(|n| Some((n.clone(), self.read(runner, &n).ok()??)))
            .collect()
    }
}

impl Record {
    /// What is known of a service before anything of it is decided but what it is.
    pub(crate) fn new(backend: &str, spec: ServiceSpec, runtime_dir: PathBuf) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            phase: Phase::Installing,
            backend: backend.to_owned(),
            gateway_id: String::new(),
            gateway_name: String::new(),
            kt_version: String::new(),
            spec,
            listen: None,
            admin_listen: None,
            supervisor: String::new(),
            sandbox: Level::Auto,
            restart_pending: false,
            sandbox_refused: None,
            files: Vec::new(),
            runtime_dir,
            linger_by_kt: false,
            installed_at: String::new(),
        }
    }

    /// The record while `artifacts` replace what `before` describes.
    pub(crate) fn installing(mut self, artifacts: &[Artifact], before: Option<&Self>) -> Self {
        let known = |path: &Path| -> Vec<String> {
            let files = before.iter().flat_map(|b| &b.files);
            let mine = files.filter(|f| f.path == path);
            mine.flat_map(|f| f.replaces.iter().chain([&f.sha256]).cloned())
                .collect()
        };
        self.phase = Phase::Installing;
        self.files = artifacts
            .iter()
            .map(|a| RecordedFile {
                path: a.path.clone(),
                sha256: sha256(a.content.as_bytes()),
                content: a.content.clone(),
                replaces: known(&a.path),
            })
            .collect();
        self
    }

    /// The record once everything is done.
    pub(crate) fn installed(mut self) -> Self {
        self.phase = Phase::Installed;
        for file in &mut self.files {
            file.replaces.clear();
        }
        self
    }
}

fn unreadable(path: &Path, why: impl std::fmt::Display) -> Error {
    let message = format!("cannot understand {}", path.display());
    Error::new(Class::Plugin, "record-unreadable", message)
        .cause(why)
        .hint("a newer kt may have written it: use that one")
}
