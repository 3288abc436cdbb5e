//! Files that may contain a secret: other users may neither read nor change them.

use super::files::unreadable;
use kt_plugin_api::{Class, Error};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

const GROUP_OR_OTHERS: u32 = 0o077;

/// Reads a private file, if it exists.
///
/// # Errors
/// Class `settings` if the file belongs to another user or is accessible to others,
/// with the command that fixes it, and if it cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<String>, Error> {
    // Opening a FIFO must not block.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unreadable(path, &e)),
    };
    check(path, &file)?;
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|e| unreadable(path, &e))?;
    Ok(Some(text))
}

/// Checks the open file, because the path may refer to another file meanwhile.
fn check(path: &Path, file: &File) -> Result<(), Error> {
    let meta = file.metadata().map_err(|e| unreadable(path, &e))?;
    let shown = path.display();
    if !meta.is_file() {
        return Err(unreadable(path, &"it is not a regular file"));
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        let reason = format!("it is owned by uid {}, not by you (uid {me})", meta.uid());
        let fix = format!("`chown {me} '{shown}'`");
        return Err(not_private(path, &reason).hint(if me == 0 {
            format!("run kt as the owner, without `sudo`; if root should own the file, run {fix}")
        } else {
            format!("run {fix} as an administrator")
        }));
    }
    let mode = meta.mode() & 0o777;
    if mode & GROUP_OR_OTHERS != 0 {
        let reason = format!("it is accessible to other users: its mode is {mode:o}");
        return Err(not_private(path, &reason).hint(format!(
            "run `chmod 600 '{shown}'`; if the file contains a token that others could read, replace the token"
        )));
    }
    Ok(())
}

fn not_private(path: &Path, reason: &str) -> Error {
    let message = format!("`{}` is not private", path.display());
    Error::new(Class::Settings, "settings-not-private", message)
        .cause(reason)
        .data("path", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::read;
    use kt_plugin_api::Class;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    #[test]
    fn only_a_private_file_of_the_user_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.toml");
        assert_eq!(read(&path).unwrap(), None);
        fs::write(&path, "a = 1").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.class, Class::Settings);
            let fix = format!("run `chmod 600 '{}'`", path.display());
            assert!(error.hints[0].starts_with(&fix), "{error:?}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap().unwrap(), "a = 1");
        }
        if rustix::process::geteuid().is_root() {
            chown(&path, Some(4711), None).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.hints[0].contains("chown 0 '"), "{error:?}");
        }
        assert!(read(dir.path()).is_err());
    }
}
