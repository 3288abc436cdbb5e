//! Whose a file is: nothing is overwritten that kt did not write, or that was
//! edited since.

use crate::record::{Record, sha256};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Artifact, Observed};
use kt_plugin_api::{Class, Error};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a file of a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileState {
    /// There is none.
    Missing,
    /// As kt wrote it, and as it would write it now.
    Current,
    /// As kt wrote it; now it would write it differently.
    Outdated,
    /// Edited since kt wrote it.
    Drifted,
    /// Not kt's.
    Foreign,
}

/// How `artifact` stands.
///
/// # Errors
/// Class `unavailable` when the file cannot be read.
pub(crate) fn state(
    runner: &dyn Runner,
    record: Option<&Record>,
    artifact: &Artifact,
) -> Result<FileState, Error> {
    let bytes = runner.read(&artifact.path).map_err(|e| {
        let message = format!("cannot read {}", artifact.path.display());
        Error::new(Class::Unavailable, "file-unreadable", message).cause(e)
    })?;
    let Some(bytes) = bytes else {
        return Ok(FileState::Missing);
    };
    let known = record.and_then(|r| r.files.iter().find(|f| f.path == artifact.path));
    let Some(known) = known else {
        return Ok(FileState::Foreign);
    };
    let there = sha256(&bytes);
    let ours = there == known.sha256 || Some(&there) == known.replaces.as_ref();
    Ok(match (ours, bytes == artifact.content.as_bytes()) {
        (true, true) => FileState::Current,
        (true, false) => FileState::Outdated,
        (false, _) => FileState::Drifted,
    })
}

/// Refuses to touch what is not kt's, and without `force` what was edited.
/// Returns the edited files, of which a copy must be kept.
///
/// # Errors
/// Class `conflict` with id `foreign-unit` or `drifted`.
pub(crate) fn guard(
    runner: &dyn Runner,
    record: Option<&Record>,
    artifacts: &[Artifact],
    force: bool,
) -> Result<Vec<PathBuf>, Error> {
    let mut edited = Vec::new();
    for artifact in artifacts {
        match state(runner, record, artifact)? {
            FileState::Foreign => return Err(foreign(&artifact.path)),
            FileState::Drifted if force => edited.push(artifact.path.clone()),
            FileState::Drifted => return Err(drifted(&artifact.path)),
            _ => {}
        }
    }
    Ok(edited)
}

/// Refuses a service that the service manager knows from somewhere else.
///
/// # Errors
/// Class `conflict` with id `foreign-unit`.
pub(crate) fn guard_unit(observed: &Observed, artifacts: &[Artifact]) -> Result<(), Error> {
    match &observed.fragment {
        Some(path) if artifacts.iter().all(|a| a.path != *path) => Err(foreign(path)),
        _ => Ok(()),
    }
}

/// Keeps a copy of edited files beside the record.
///
/// # Errors
/// Class `unavailable` when a copy cannot be kept: then nothing is replaced.
pub(crate) fn keep_copies(
    runner: &dyn Runner,
    dir: &Path,
    edited: &[PathBuf],
) -> Result<Vec<String>, Error> {
    let mut kept = Vec::new();
    for path in edited {
        let failed = |e: std::io::Error| {
            let message = format!("cannot keep a copy of {}", path.display());
            Error::new(Class::Unavailable, "copy-not-kept", message).cause(e)
        };
        let Some(bytes) = runner.read(path).map_err(failed)? else {
            continue;
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Named by its content, so that no copy replaces another one.
        let hash: String = sha256(&bytes).chars().take(12).collect();
        let copy = dir.join(format!("{name}.{hash}.edited"));
        runner.write(&copy, 0o600, &bytes).map_err(failed)?;
        kept.push(format!(
            "{} was edited by hand; a copy is in {}",
            path.display(),
            copy.display()
        ));
    }
    Ok(kept)
}

fn foreign(path: &Path) -> Error {
    let path = path.display();
    Error::new(
        Class::Conflict,
        "foreign-unit",
        format!("`{path}` was not written by this kt"),
    )
    .hint("choose another `--service-name`, or remove the file yourself")
    .data("path", path.to_string())
}

fn drifted(path: &Path) -> Error {
    let path = path.display();
    Error::new(
        Class::Conflict,
        "drifted",
        format!("`{path}` was edited by hand since kt wrote it"),
    )
    .hint("`--force` replaces it and keeps a copy; own settings belong into a drop-in")
    .data("path", path.to_string())
}
