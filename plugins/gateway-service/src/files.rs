//! Whose a file is: nothing is overwritten that kt did not write, or that was
//! edited since.

use crate::desk::Desk;
use crate::record::{Record, sha256};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Artifact, FileKind, Plan, ProbeOutcome, ServiceStatus};
use kt_plugin_api::{Class, Error};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a file of a service stands, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileState {
    /// As kt wrote it, and as it would write it now.
    Current,
    /// As kt wrote it; now it would write it differently.
    Outdated,
    /// There is none.
    Missing,
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
    if let ProbeOutcome::Metadata {
        kind: FileKind::Link,
        ..
    } = runner.stat(&artifact.path)
    {
        // kt never makes links: somebody keeps the file elsewhere.
        return Ok(FileState::Foreign);
    }
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
    let ours = there == known.sha256 || known.replaces.contains(&there);
    Ok(match (ours, bytes == artifact.content.as_bytes()) {
        (true, true) => FileState::Current,
        (true, false) => FileState::Outdated,
        (false, _) => FileState::Drifted,
    })
}

/// What the person allows for files that are not as kt left them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Leave {
    /// Edited files may be replaced.
    pub(crate) force: bool,
    /// Edits are to be kept in drop-ins.
    pub(crate) adopt: bool,
    /// Files that kt did not write may be replaced.
    pub(crate) take_over: bool,
}

/// Files that are about to be replaced although they are not as kt left them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    /// A copy of each is kept.
    pub(crate) copied: Vec<PathBuf>,
    /// The edits of each are kept too.
    pub(crate) adopted: Vec<PathBuf>,
}

/// Refuses to touch what is not kt's or was edited, as far as the person does
/// not allow it. With `drop_ins` edits could be moved there, which is said.
///
/// # Errors
/// Class `conflict` with id `foreign-unit` or `drifted`.
pub(crate) fn guard(
    runner: &dyn Runner,
    record: Option<&Record>,
    artifacts: &[Artifact],
    leave: Leave,
    drop_ins: bool,
) -> Result<Touched, Error> {
    let mut touched = Touched::default();
    for artifact in artifacts {
        match state(runner, record, artifact)? {
            FileState::Foreign if leave.take_over => touched.copied.push(artifact.path.clone()),
            FileState::Foreign => return Err(foreign(&artifact.path)),
            FileState::Drifted if leave.force || leave.adopt => {
                touched.copied.push(artifact.path.clone());
                if leave.adopt {
                    touched.adopted.push(artifact.path.clone());
                }
            }
            FileState::Drifted => return Err(drifted(&artifact.path, drop_ins)),
            _ => {}
        }
    }
    Ok(touched)
}

/// Refuses a service that the service manager knows from somewhere else.
///
/// # Errors
/// Class `conflict` with id `foreign-unit`.
pub(crate) fn guard_unit(observed: &ServiceStatus, artifacts: &[Artifact]) -> Result<(), Error> {
    match &observed.fragment_path {
        Some(path) if artifacts.iter().all(|a| a.path != *path) => Err(foreign(path)),
        _ => Ok(()),
    }
}

/// What keeps a person's edits of files, to be done before they are replaced.
///
/// # Errors
/// Class `conflict` with id `adopt-impossible`.
pub(crate) fn adoption(
    desk: &Desk<'_>,
    record: &Record,
    before: Option<&Record>,
    edited: &[PathBuf],
) -> Result<Plan, Error> {
    let impossible = |why: &str| {
        let message = "the edits cannot be moved";
        Error::new(Class::Conflict, "adopt-impossible", message)
            .cause(why)
            .hint("`--force` replaces them and keeps a copy")
    };
    let mut all = Plan::default();
    if !edited.is_empty() && !desk.described.capabilities.drop_ins {
        let why = format!("`{}` has no drop-ins", desk.described.name);
        return Err(impossible(&why));
    }
    for path in edited {
        let known = before.and_then(|r| r.files.iter().find(|f| f.path == *path));
        let Some(written) = known.map(|f| &f.content).filter(|text| !text.is_empty()) else {
            return Err(impossible(
                "the kt that wrote the file did not keep its text",
            ));
        };
        let bytes = desk.runner.read(path);
        let bytes = bytes.map_err(|e| impossible(&e.to_string()))?;
        let now = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let keep = desk.adoption(&record.spec, path, written, &now)?;
        all.artifacts.extend(keep.artifacts);
        all.steps.extend(keep.steps);
        all.warnings.extend(keep.warnings);
    }
    Ok(all)
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
            "{} was not as kt left it; a copy is in {}",
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
    .hint("choose another `--service-name`, or remove the file yourself; `--take-over` replaces it and keeps a copy")
    .data("path", path.to_string())
}

fn drifted(path: &Path, drop_ins: bool) -> Error {
    let path = path.display();
    let hint = if drop_ins {
        "`--adopt` moves your edits into a drop-in, `--force` replaces them and keeps a copy"
    } else {
        "`--force` replaces your edits and keeps a copy"
    };
    Error::new(
        Class::Conflict,
        "drifted",
        format!("`{path}` was edited by hand since kt wrote it"),
    )
    .hint(hint)
    .data("path", path.to_string())
}
