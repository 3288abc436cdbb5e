//! Files that hold a secret: nobody else may read or change them.

use kt_control_api::{PrivateTempFile, sync_parent_directory};
use kt_plugin_api::{Class, Error};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// A file larger than this is a mistake.
const MAX_BYTES: u64 = 1024 * 1024;
const OTHERS: u32 = 0o077;

/// The text of a private file, if it is there.
///
/// # Errors
/// Of this class when it is somebody else's or open to others, with the command
/// that mends it, and when it cannot be read.
pub(crate) fn read(path: &Path, class: Class) -> Result<Option<String>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unreadable(path, class, &e)),
    };
    check(path, class, &file)?;
    let mut text = String::new();
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|e| unreadable(path, class, &e))?;
    Ok(Some(text))
}

/// The facts are those of the open file: a path may lead elsewhere meanwhile.
fn check(path: &Path, class: Class, file: &File) -> Result<(), Error> {
    let meta = file.metadata().map_err(|e| unreadable(path, class, &e))?;
    let refused = |why: String| {
        let message = format!("`{}` is not private", path.display());
        Error::new(class, "file-not-private", message).cause(why)
    };
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        let why = format!("it belongs to uid {}, and you are uid {me}", meta.uid());
        return Err(refused(why).hint(format!("run `chown {me} '{}'`", path.display())));
    }
    let mode = meta.mode() & 0o777;
    if mode & OTHERS != 0 {
        let why = format!("it is open to others: its mode is {mode:o}");
        return Err(refused(why).hint(format!(
            "run `chmod 600 '{}'`; if others could read a token in it, replace the token",
            path.display()
        )));
    }
    Ok(())
}

fn unreadable(path: &Path, class: Class, why: &dyn std::fmt::Display) -> Error {
    let message = format!("cannot read `{}`", path.display());
    Error::new(class, "unreadable-file", message).cause(why)
}

/// Replaces a file by a private one, in a private folder: whoever reads sees the
/// old text or the new one.
///
/// # Errors
/// Class `settings`; the old file is as it was.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let write = || {
        make_folder(folder)?;
        let draft = PrivateTempFile::beside(path)?;
        draft.open()?.write_all(text.as_bytes())?;
        draft.keep(path)
    };
    write().map_err(|e| unwritable(path, &e))
}

/// Removes a file, for good.
///
/// # Errors
/// Class `settings`.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path)
        .and_then(|()| sync_parent_directory(path))
        .map_err(|e| unwritable(path, &e))
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.mode() & OTHERS != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn unwritable(path: &Path, why: &dyn std::fmt::Display) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(Class::Settings, "unwritable-file", message).cause(why)
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use kt_plugin_api::Class;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_is_private_and_what_is_not_is_not_read() {
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
