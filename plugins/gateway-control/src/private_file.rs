//! Files that hold a secret and that only their owner may read or change.

use kt_control_api::{PrivateTempFile, sync_parent_directory};
use kt_plugin_api::{Class, Context, Error};
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// The size limit: a file with a token is much smaller.
const MAX_BYTES: u64 = 1024 * 1024;
const GROUP_AND_OTHERS: u32 = 0o077;

/// Reads a private file; returns `None` if it does not exist.
///
/// # Errors
/// Of this class if the file belongs to another user or is accessible by others, with the command
/// that fixes it, and if it cannot be read.
pub(crate) fn read(path: &Path, class: Class) -> Result<Option<String>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unreadable(path, class, &e)),
    };
    check_owner_and_mode(path, class, file.metadata())?;
    read_text(path, class, file).map(Some)
}

/// Reads a private file that an option names and that may be a FIFO, until the call is cancelled.
///
/// # Errors
/// As [`read`], of class `usage`, if it does not exist, and that of a cancellation.
pub(crate) fn read_input(path: &Path, context: &Context<'_>) -> Result<String, Error> {
    let class = Class::Usage;
    let file = context.open_file(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => {
            let message = format!("file `{}` does not exist", path.display());
            Error::new(class, "unreadable-file", message)
        }
        _ => unreadable(path, class, &e),
    })?;
    check_owner_and_mode(path, class, file.metadata())?;
    let text = read_text(path, class, file);
    context.check_cancelled()?;
    text
}

fn read_text(path: &Path, class: Class, file: impl Read) -> Result<String, Error> {
    let mut text = String::new();
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|e| unreadable(path, class, &e))?;
    Ok(text)
}

/// Checks the metadata of the open file, because the path may refer to another file by now.
fn check_owner_and_mode(
    path: &Path,
    class: Class,
    of_file: io::Result<Metadata>,
) -> Result<(), Error> {
    let meta = of_file.map_err(|e| unreadable(path, class, &e))?;
    let not_private = |reason: String| {
        let message = format!("`{}` is not private", path.display());
        Error::new(class, "file-not-private", message).cause(reason)
    };
    let euid = rustix::process::geteuid().as_raw();
    if meta.uid() != euid {
        let reason = format!("it belongs to uid {}, and you are uid {euid}", meta.uid());
        return Err(not_private(reason).hint(format!("run `chown {euid} '{}'`", path.display())));
    }
    let mode = meta.mode() & 0o777;
    if mode & GROUP_AND_OTHERS != 0 {
        let reason = format!("it is accessible by others: its mode is {mode:o}");
        return Err(not_private(reason).hint(format!(
            "run `chmod 600 '{}'`; if it contains a token, rotate the token",
            path.display()
        )));
    }
    Ok(())
}

fn unreadable(path: &Path, class: Class, source: &dyn std::fmt::Display) -> Error {
    let message = format!("cannot read `{}`", path.display());
    Error::new(class, "unreadable-file", message).cause(source)
}

/// Replaces a file atomically by a private one, in a private directory.
///
/// # Errors
/// Class `settings`; the old file is then unchanged.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let write = || {
        create_private_directory(directory)?;
        let file = PrivateTempFile::beside(path)?;
        file.open()?.write_all(text.as_bytes())?;
        file.persist(path)
    };
    write().map_err(|e| unwritable(path, &e))
}

/// Removes a file durably.
///
/// # Errors
/// Class `settings`.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path)
        .and_then(|()| sync_parent_directory(path))
        .map_err(|e| unwritable(path, &e))
}

fn create_private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(directory)?;
    if fs::metadata(directory)?.mode() & GROUP_AND_OTHERS != 0 {
        fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn unwritable(path: &Path, source: &dyn std::fmt::Display) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(Class::Settings, "unwritable-file", message).cause(source)
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use kt_plugin_api::Class;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn written_files_are_private_and_other_files_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/profiles");
        let path = folder.join("p.toml");
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write(&path, "one").unwrap();
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        write(&path, "two").unwrap();
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        assert_eq!(read(&path, Class::Usage).unwrap().unwrap(), "two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = read(&path, Class::Usage).unwrap_err();
        assert_eq!(error.class, Class::Usage);
        assert!(error.hints[0].contains("chmod 600 '"), "{error:?}");
        assert_eq!(read(&folder.join("absent"), Class::Usage).unwrap(), None);
    }
}
