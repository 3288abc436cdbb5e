//! Protects files that kt did not write, or that were edited since: they are
//! overwritten only if the user allows it.

use crate::context::ServiceContext;
use crate::record::{FileState, Record, file_state, sha256};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Artifact, Plan, ServiceStatus};
use kt_plugin_api::{Class, Error};
use std::path::{Path, PathBuf};

/// What the user allows for files that differ from what kt wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OverwritePolicy {
    /// Overwrite edited files.
    pub(crate) force: bool,
    /// Move edits into drop-ins.
    pub(crate) adopt: bool,
    /// Overwrite files that kt did not write.
    pub(crate) take_over: bool,
}

/// The files that are about to be overwritten although they differ from what kt wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ModifiedFiles {
    /// The files to back up.
    pub(crate) back_up: Vec<PathBuf>,
    /// The files whose edits are moved into drop-ins.
    pub(crate) adopt: Vec<PathBuf>,
}

/// Refuses to overwrite foreign or edited files unless `policy` allows it. With
/// `drop_ins` the error suggests `--adopt`.
///
/// # Errors
/// Class `conflict` with ID `foreign-unit` or `drifted`.
pub(crate) fn check_overwrite(
    runner: &dyn Runner,
    record: Option<&Record>,
    artifacts: &[Artifact],
    policy: OverwritePolicy,
    drop_ins: bool,
) -> Result<ModifiedFiles, Error> {
    let mut modified = ModifiedFiles::default();
    for artifact in artifacts {
        match file_state(runner, record, artifact)? {
            FileState::Foreign if policy.take_over => modified.back_up.push(artifact.path.clone()),
            FileState::Foreign => return Err(foreign(&artifact.path)),
            FileState::Drifted if policy.force || policy.adopt => {
                modified.back_up.push(artifact.path.clone());
                if policy.adopt {
                    modified.adopt.push(artifact.path.clone());
                }
            }
            FileState::Drifted => return Err(drifted(&artifact.path, drop_ins)),
            _ => {}
        }
    }
    Ok(modified)
}

/// Refuses a service that the service manager loaded from another file.
///
/// # Errors
/// Class `conflict` with ID `foreign-unit`.
pub(super) fn check_unit_path(
    observed: &ServiceStatus,
    artifacts: &[Artifact],
) -> Result<(), Error> {
    match &observed.fragment_path {
        Some(path) if artifacts.iter().all(|a| a.path != *path) => Err(foreign(path)),
        _ => Ok(()),
    }
}

/// Renders the plan that preserves the edits of files before they are overwritten.
///
/// # Errors
/// Class `conflict` with ID `adopt-impossible`.
pub(super) fn adoption_plan(
    service: &ServiceContext<'_>,
    record: &Record,
    previous: Option<&Record>,
    edited: &[PathBuf],
) -> Result<Plan, Error> {
    let impossible = |cause: &str| {
        let message = "the edits cannot be moved into a drop-in";
        Error::new(Class::Conflict, "adopt-impossible", message)
            .cause(cause)
            .hint("`--force` overwrites them and keeps a backup")
    };
    let mut plan = Plan::default();
    if !edited.is_empty() && !service.description.capabilities.drop_ins {
        let cause = format!("`{}` does not support drop-ins", service.description.name);
        return Err(impossible(&cause));
    }
    for path in edited {
        let recorded = previous.and_then(|record| record.file(path));
        let Some(written) = recorded
            .map(|file| &file.content)
            .filter(|text| !text.is_empty())
        else {
            return Err(impossible(
                "the kt that wrote the file did not record its content",
            ));
        };
        let bytes = service.runner.read(path);
        let bytes = bytes.map_err(|e| impossible(&e.to_string()))?;
        let current = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let adoption = service.adopt(&record.spec, path, written, &current)?;
        plan.artifacts.extend(adoption.artifacts);
        plan.steps.extend(adoption.steps);
        plan.warnings.extend(adoption.warnings);
    }
    Ok(plan)
}

/// Backs up edited files beside the record. Returns a note for each.
///
/// # Errors
/// Class `unavailable` if a backup cannot be written; then no file is overwritten.
pub(super) fn back_up_files(
    runner: &dyn Runner,
    dir: &Path,
    edited: &[PathBuf],
) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    for path in edited {
        let failed = |e: std::io::Error| {
            let message = format!("cannot back up {}", path.display());
            Error::new(Class::Unavailable, "backup-failed", message).cause(e)
        };
        let Some(bytes) = runner.read(path).map_err(failed)? else {
            continue;
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Named by its content, so that no backup overwrites another one.
        let hash: String = sha256(&bytes).chars().take(12).collect();
        let backup = dir.join(format!("{name}.{hash}.edited"));
        runner.write(&backup, 0o600, &bytes).map_err(failed)?;
        notes.push(format!(
            "{} was modified; a backup is in {}",
            path.display(),
            backup.display()
        ));
    }
    Ok(notes)
}

fn foreign(path: &Path) -> Error {
    let path = path.display();
    Error::new(
        Class::Conflict,
        "foreign-unit",
        format!("`{path}` was not written by this kt"),
    )
    .hint("specify another `--service-name`, or remove the file; `--take-over` overwrites it and keeps a backup")
    .data("path", path.to_string())
}

fn drifted(path: &Path, drop_ins: bool) -> Error {
    let path = path.display();
    let hint = if drop_ins {
        "`--adopt` moves the edits into a drop-in, `--force` overwrites them and keeps a backup"
    } else {
        "`--force` overwrites the edits and keeps a backup"
    };
    Error::new(
        Class::Conflict,
        "drifted",
        format!("`{path}` was edited after kt wrote it"),
    )
    .hint(hint)
    .data("path", path.to_string())
}
