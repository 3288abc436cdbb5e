//! The service record, `kt.gateway.service/1`.

use super::sandbox_mode::SandboxMode;
use kt_plugin_api::service::{Artifact, ServiceSpec};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// The schema that this version writes.
pub(crate) const SCHEMA: &str = "kt.gateway.service/1";

/// A service that kt has installed or is installing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Name and version of the schema: `kt.gateway.service/1`.
    pub(crate) schema: String,
    /// The progress of the installation.
    pub(crate) phase: Phase,
    /// The name of the backend.
    pub(crate) backend: String,
    /// The ID of the gateway.
    pub(crate) gateway_id: String,
    /// The name of the gateway when it was installed, for display.
    pub(crate) gateway_name: String,
    /// The version of kt that installed the service.
    pub(crate) kt_version: String,
    /// The specification that was rendered.
    pub(crate) spec: ServiceSpec,
    /// The listen address for requests, if it was specified.
    #[serde(default)]
    pub(crate) listen: Option<String>,
    /// The listen address for health and metrics, if it was specified.
    #[serde(default)]
    pub(crate) admin_listen: Option<String>,
    /// Addresses beyond loopback are allowed.
    #[serde(default)]
    pub(crate) allow_remote: bool,
    /// The service manager with which the sandbox was tested, such as
    /// `systemd 252`; another one may support more or less.
    #[serde(default)]
    pub(crate) supervisor: String,
    /// The requested sandbox.
    #[serde(default)]
    pub(crate) sandbox: SandboxMode,
    /// The running process was started before the last change.
    #[serde(default)]
    pub(crate) restart_pending: bool,
    /// The reason why the strict sandbox does not work, if it was tested.
    #[serde(default)]
    pub(crate) sandbox_error: Option<String>,
    /// The files of the service.
    pub(crate) files: Vec<RecordedFile>,
    /// The directory in which the service creates its sockets.
    pub(crate) runtime_dir: PathBuf,
    /// kt enabled lingering for the user; it was disabled before.
    #[serde(default)]
    pub(crate) linger_by_kt: bool,
    /// The time of the installation, RFC 3339.
    pub(crate) installed_at: String,
}

/// The progress of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// The installation has started. Each file is the previous or the new one.
    Installing,
    /// The installation has finished.
    Installed,
    /// The removal has started. Some parts may already be removed.
    Removing,
}

/// A file as kt wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedFile {
    /// The path of the file.
    pub(crate) path: PathBuf,
    /// SHA-256 of its content, hexadecimal.
    pub(crate) sha256: String,
    /// Its content, from which edits are computed.
    #[serde(default)]
    pub(crate) content: String,
    /// During an installation, the hashes of the content that the file may still
    /// have: that of the file being replaced, and those that earlier, interrupted
    /// installations were replacing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) replaces: Vec<String>,
}

/// Returns the SHA-256 of `bytes`, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

impl Record {
    /// Creates the record of a service of which only the specification is known.
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
            allow_remote: false,
            supervisor: String::new(),
            sandbox: SandboxMode::Auto,
            restart_pending: false,
            sandbox_error: None,
            files: Vec::new(),
            runtime_dir,
            linger_by_kt: false,
            installed_at: String::new(),
        }
    }

    /// Returns the record for the time in which `artifacts` replace the files of
    /// `previous`.
    pub(crate) fn installing(mut self, artifacts: &[Artifact], previous: Option<&Self>) -> Self {
        let replaced = |path: &Path| -> Vec<String> {
            let files = previous.iter().flat_map(|record| &record.files);
            files
                .filter(|file| file.path == path)
                .flat_map(|file| file.replaces.iter().chain([&file.sha256]).cloned())
                .collect()
        };
        self.phase = Phase::Installing;
        self.files = artifacts
            .iter()
            .map(|artifact| RecordedFile {
                path: artifact.path.clone(),
                sha256: sha256(artifact.content.as_bytes()),
                content: artifact.content.clone(),
                replaces: replaced(&artifact.path),
            })
            .collect();
        self
    }

    /// Returns the record of the finished installation.
    pub(crate) fn installed(mut self) -> Self {
        self.phase = Phase::Installed;
        for file in &mut self.files {
            file.replaces.clear();
        }
        self
    }

    /// Returns the recorded file at `path`.
    pub(crate) fn file(&self, path: &Path) -> Option<&RecordedFile> {
        self.files.iter().find(|file| file.path == path)
    }
}
