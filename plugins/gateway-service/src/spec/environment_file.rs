//! The environment file of a service, in which the user sets variables.

use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{ProbeOutcome, ServiceName};
use kt_plugin_api::{Class, Error, Invocation};
use std::path::{Path, PathBuf};

/// Returns the path of the environment file.
pub(super) fn path(invocation: &Invocation, name: &ServiceName) -> PathBuf {
    invocation
        .dirs
        .config
        .join("gateway")
        .join(format!("{name}.env"))
}

/// Checks that no other user can read or write an environment file, since it
/// contains tokens. Returns whether the file exists.
///
/// # Errors
/// Class `settings` with the command that fixes the permissions.
pub(crate) fn check_permissions(runner: &dyn Runner, path: &Path, uid: u32) -> Result<bool, Error> {
    let insecure = |problem: String| {
        let file = path.display();
        Err(Error::new(
            Class::Settings,
            "environment-file-permissions",
            format!("`{file}` {problem}"),
        )
        .hint(format!("run `chmod 600 {file}` as its owner")))
    };
    // The mode of a symbolic link does not tell who can read its target.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match runner.stat(&target) {
        ProbeOutcome::Metadata { uid: owner, .. } if owner != uid => {
            insecure(format!("belongs to user {owner}"))
        }
        ProbeOutcome::Metadata { mode, .. } if mode & 0o077 != 0 => insecure(format!(
            "is accessible by other users: its mode is {mode:o}"
        )),
        ProbeOutcome::Metadata { .. } => Ok(true),
        _ => Ok(false),
    }
}
