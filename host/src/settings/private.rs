//! Files that may hold a secret: nobody else may read or change them.

use super::files::unreadable;
use kt_plugin_api::{Class, Error};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

const OTHERS: u32 = 0o077;

/// The text of a private file, if it is there.
///
/// # Errors
/// Class `settings` when it is somebody else's or open to others, with the
/// command that mends it, and when it cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<String>, Error> {
    // A pipe of that name must not hang kt.
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

/// The facts are those of the open file: a path may lead elsewhere meanwhile.
fn check(path: &Path, file: &File) -> Result<(), Error> {
    let meta = file.metadata().map_err(|e| unreadable(path, &e))?;
    let shown = path.display();
    if !meta.is_file() {
        return Err(unreadable(path, &"it is no file"));
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        let why = format!("it belongs to uid {}, and you are uid {me}", meta.uid());
        let mend = format!("`chown {me} '{shown}'`");
        return Err(refused(path, &why).hint(if me == 0 {
            format!("run kt as its owner, without `sudo`; if it is to be root's, run {mend}")
        } else {
            format!("run {mend}, which takes an administrator")
        }));
    }
    let mode = meta.mode() & 0o777;
    if mode & OTHERS != 0 {
        let why = format!("it is open to others: its mode is {mode:o}");
        return Err(refused(path, &why).hint(format!(
            "run `chmod 600 '{shown}'`; if others could read a token in it, replace the token"
        )));
    }
    Ok(())
}

fn refused(path: &Path, why: &str) -> Error {
    let message = format!("`{}` is not private", path.display());
    Error::new(Class::Settings, "settings-not-private", message)
        .cause(why)
        .data("path", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::read;
    use kt_plugin_api::Class;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    #[test]
    fn only_a_private_file_of_ones_own_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.toml");
        assert_eq!(read(&path).unwrap(), None);
        fs::write(&path, "a = 1").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.class, Class::Settings);
            let mend = format!("run `chmod 600 '{}'`", path.display());
            assert!(error.hints[0].starts_with(&mend), "{error:?}");
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
