//! Writes the small files beside the log.

use std::path::Path;

/// Replaces a file of the directory. What cannot be kept is no reason not to
/// serve, so nothing fails.
pub(super) fn put(dir: &Path, name: &str, bytes: &[u8]) {
    let fresh = dir.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&fresh, bytes);
    let placed = written.and_then(|()| std::fs::rename(&fresh, dir.join(name)));
    if placed.is_err() {
        // Half a file, as on a full disk, of a name that no other run takes up.
        drop(std::fs::remove_file(&fresh));
    }
}

#[cfg(test)]
mod tests {
    use super::put;

    fn names(dir: &std::path::Path) -> Vec<std::ffi::OsString> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn nothing_is_left_of_a_file_that_cannot_be_placed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a.json")).unwrap();
        put(dir.path(), "a.json", b"text");
        assert_eq!(names(dir.path()), ["a.json"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_left_of_a_file_for_which_the_disk_has_no_room() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = format!(".a.json.{}.new", std::process::id());
        std::os::unix::fs::symlink("/dev/full", dir.path().join(fresh)).unwrap();
        put(dir.path(), "a.json", b"text");
        assert!(names(dir.path()).is_empty());
    }
}
