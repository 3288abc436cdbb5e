//! The directory of a plugin that is named by a path.

use kt_plugin_api::{Class, Error};
use std::path::{Path, PathBuf};

/// Returns the directory of a plugin, of which `path` is the directory or a file.
///
/// # Errors
/// Class `not-found` if the path does not exist.
pub(super) fn canonical_dir(path: &Path) -> Result<PathBuf, Error> {
    let dir = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    dir.canonicalize().map_err(|e| {
        let message = format!("`{}` does not contain a plugin", path.display());
        Error::new(Class::NotFound, "plugin-not-found", message)
            .cause(e)
            .hint("specify the directory that contains its `plugin.toml`")
    })
}
