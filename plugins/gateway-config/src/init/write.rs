//! Writing of the files of a template: all of them or none, and never over an existing file.

use kt_plugin_api::{Class, Error};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The mode of a new file before the umask is applied, as that of any configuration.
const MODE: u32 = 0o666;

/// A file to write.
pub(super) struct Target {
    /// The path as the user sees it.
    pub(super) display_path: String,
    /// The absolute path.
    pub(super) path: PathBuf,
    /// The content.
    pub(super) content: &'static str,
}

/// Checks that none of the files exists.
///
/// # Errors
/// Class `conflict`, with everything that exists.
pub(super) fn check(targets: &[Target]) -> Result<(), Error> {
    let mut existing: Vec<String> = targets.iter().filter_map(existing_path).collect();
    existing.dedup();
    if existing.is_empty() {
        return Ok(());
    }
    Err(conflict(existing))
}

/// Returns what already exists at the path of a file: a file, or something other than a directory
/// at the path of its directory.
fn existing_path(target: &Target) -> Option<String> {
    if target.path.symlink_metadata().is_ok() {
        return Some(target.display_path.clone());
    }
    let directory = target.path.parent()?.metadata().ok()?;
    let display_path = Path::new(&target.display_path).parent()?;
    (!directory.is_dir()).then(|| display_path.display().to_string())
}

/// Writes the files: first all of them under temporary names.
///
/// # Errors
/// Class `conflict` as [`check`]; class `usage` if a file cannot be written. No file is then left.
pub(super) fn write(targets: &[Target]) -> Result<(), Error> {
    check(targets)?;
    let temporary: Vec<NamedTempFile> = targets
        .iter()
        .map(|target| write_temporary(target).map_err(|error| write_error(target, &error)))
        .collect::<Result<_, _>>()?;
    let mut written = WrittenFiles::default();
    for (file, target) in temporary.into_iter().zip(targets) {
        // Another process may have created the file since the check.
        file.persist_noclobber(&target.path)
            .map_err(|error| write_error(target, &error.error))?;
        written.0.push(&target.path);
    }
    written.keep();
    Ok(())
}

fn write_temporary(target: &Target) -> io::Result<NamedTempFile> {
    let directory = target.path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(directory)?;
    file.write_all(target.content.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The files that already have their names. They are removed on drop, unless they are kept.
#[derive(Default)]
struct WrittenFiles<'t>(Vec<&'t Path>);

impl WrittenFiles<'_> {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for WrittenFiles<'_> {
    fn drop(&mut self) {
        for path in &self.0 {
            drop(fs::remove_file(path));
        }
    }
}

fn conflict(existing: Vec<String>) -> Error {
    let message = match existing.as_slice() {
        [path] => format!("`{path}` already exists"),
        paths => format!("`{}` already exist", paths.join("`, `")),
    };
    Error::new(Class::Conflict, "file-exists", message)
        .hint("nothing was written; choose another directory with `--dir`, or move the files")
        .data("files", existing)
}

fn write_error(target: &Target, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return conflict(vec![target.display_path.clone()]);
    }
    let message = format!("cannot write `{}`", target.display_path);
    Error::new(Class::Usage, "unwritable-file", message).cause(error)
}

#[cfg(test)]
mod tests {
    use super::{Target, check, write};
    use kt_plugin_api::Class;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn target(directory: &Path, name: &str) -> Target {
        Target {
            display_path: name.to_owned(),
            path: directory.join(name),
            content: "text",
        }
    }

    #[test]
    fn files_have_the_usual_mode_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let reference = directory.path().join("reference");
        fs::write(&reference, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let targets = [
            target(directory.path(), "a"),
            target(directory.path(), "b/c"),
        ];
        write(&targets).unwrap();
        for target in &targets {
            assert_eq!(fs::read_to_string(&target.path).unwrap(), "text");
            assert_eq!(mode(&target.path), mode(&reference));
        }
        let count = |path: &Path| fs::read_dir(path).unwrap().count();
        assert_eq!(count(directory.path()), 3);
        assert_eq!(count(&directory.path().join("b")), 1);
    }

    #[test]
    fn a_failure_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        // The check sees no conflict between the two, but the second cannot be written.
        let targets = [target(directory.path(), "a"), target(directory.path(), "a")];
        check(&targets).unwrap();
        let error = write(&targets).unwrap_err();
        assert_eq!(error.class, Class::Conflict, "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
