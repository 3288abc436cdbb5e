//! Seeds that are files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders without source files.
const SKIPPED: [&str; 3] = ["target", ".git", "artifacts"];

/// The root of the workspace.
pub(super) fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The contents of the files below `folder` whose names end with `suffix`,
/// sorted by path.
pub(super) fn files(folder: &str, suffix: &str) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    collect(&workspace().join(folder), suffix, &mut paths);
    paths.sort();
    paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

fn collect(folder: &Path, suffix: &str, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && !path.is_symlink() {
            if !SKIPPED.contains(&name.as_ref()) {
                collect(&path, suffix, paths);
            }
        } else if name.ends_with(suffix) {
            paths.push(path);
        }
    }
}
