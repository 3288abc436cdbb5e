//! Writes the small files beside the log.

use std::path::Path;

/// Replaces a file of the directory. What cannot be kept is no reason not to
/// serve, so nothing fails.
pub(super) fn put(dir: &Path, name: &str, bytes: &[u8]) {
    let fresh = dir.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&fresh, bytes);
    drop(written.and_then(|()| std::fs::rename(&fresh, dir.join(name))));
}
