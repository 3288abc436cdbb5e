//! Directory trees.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies the folder `from` to `to`, with the modes of its files.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|e| panic!("{}: {e}", to.display()));
    for entry in entries(from) {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copy_tree(&entry, &target);
        } else {
            fs::copy(&entry, &target).unwrap_or_else(|e| panic!("{}: {e}", entry.display()));
        }
    }
}

/// Makes `uid` the owner of a folder and of everything in it.
pub(crate) fn chown_tree(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), Some(uid))
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.is_dir() {
        for entry in entries(path) {
            chown_tree(&entry, uid);
        }
    }
}

/// Returns every file below `root`, sorted, without folders that are named in
/// `skip`.
pub(crate) fn files_below(root: &Path, skip: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in entries(root) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if entry.is_symlink() || skip.contains(&name.as_ref()) {
            continue;
        }
        if entry.is_dir() {
            files.extend(files_below(&entry, skip));
        } else {
            files.push(entry);
        }
    }
    files
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut all: Vec<PathBuf> = read.filter_map(|e| Some(e.ok()?.path())).collect();
    all.sort();
    all
}

/// Creates a named pipe with `mkfifo`, since the system call differs between
/// systems.
pub(crate) fn make_fifo(path: &Path) {
    let status = Command::new("mkfifo")
        .args(["-m", "644"])
        .arg(path)
        .status();
    let status = status.unwrap_or_else(|e| panic!("`mkfifo` cannot be run: {e}"));
    assert!(status.success(), "{} cannot be created", path.display());
}

/// Sets the mode of a file.
pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
