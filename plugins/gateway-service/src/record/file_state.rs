//! The state of a file of a service, compared with the record.

use super::service_record::{Record, sha256};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Artifact, FileKind, ProbeOutcome};
use kt_plugin_api::{Class, Error};
use serde::Serialize;

/// The state of a file of a service, in order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileState {
    /// Written by kt, and identical to what it would write now.
    Current,
    /// Written by kt, and different from what it would write now.
    Outdated,
    /// The file does not exist.
    Missing,
    /// Edited since kt wrote it.
    Drifted,
    /// Not written by kt.
    Foreign,
}

/// Returns the state of the file of `artifact`.
///
/// # Errors
/// Class `unavailable` when the file cannot be read.
pub(crate) fn file_state(
    runner: &dyn Runner,
    record: Option<&Record>,
    artifact: &Artifact,
) -> Result<FileState, Error> {
    if let ProbeOutcome::Metadata {
        kind: FileKind::Link,
        ..
    } = runner.stat(&artifact.path)
    {
        // kt never creates links: the user manages the file elsewhere.
        return Ok(FileState::Foreign);
    }
    let bytes = runner.read(&artifact.path).map_err(|e| {
        let message = format!("cannot read {}", artifact.path.display());
        Error::new(Class::Unavailable, "file-unreadable", message).cause(e)
    })?;
    let Some(bytes) = bytes else {
        return Ok(FileState::Missing);
    };
    let Some(recorded) = record.and_then(|record| record.file(&artifact.path)) else {
        return Ok(FileState::Foreign);
    };
    let hash = sha256(&bytes);
    let written_by_kt = hash == recorded.sha256 || recorded.replaces.contains(&hash);
    let current = bytes == artifact.content.as_bytes();
    Ok(match (written_by_kt, current) {
        (true, true) => FileState::Current,
        (true, false) => FileState::Outdated,
        (false, _) => FileState::Drifted,
    })
}
