//! Runs programs and changes files on the local system.

use super::{failpoint, process};
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome};
use kt_plugin_api::{Context, Error};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// The mode of new directories, before the umask, for files that others may read.
/// The directories of kt's own files are created with mode 0700.
const DIR_MODE: u32 = 0o755;

/// The runner on the local system.
pub(crate) struct LocalRunner<'a, 'c> {
    context: &'a Context<'c>,
    started: Instant,
}

impl<'a, 'c> LocalRunner<'a, 'c> {
    pub(crate) fn new(context: &'a Context<'c>) -> Self {
        Self {
            context,
            started: Instant::now(),
        }
    }

    /// Limits `timeout` to the deadline of the call. After the deadline only the
    /// rollback runs, and it has its full timeout.
    fn limit(&self, timeout: Duration) -> Duration {
        match self.context.remaining() {
            Some(remaining) if !remaining.is_zero() => timeout.min(remaining),
            _ => timeout,
        }
    }
}

impl Runner for LocalRunner<'_, '_> {
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome {
        failpoint::before_change();
        process::run(argv, env, self.limit(timeout))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        none_if_missing(fs::read(path))
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        failpoint::before_change();
        write(path, mode, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        failpoint::before_change();
        none_if_missing(fs::remove_file(path)).map(|removed| removed.is_some())
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        match none_if_missing(fs::symlink_metadata(path)) {
            Ok(None) => ProbeOutcome::NotFound,
            Err(error) => ProbeOutcome::Unknown(format!("{}: {error}", path.display())),
            Ok(Some(meta)) => ProbeOutcome::Metadata {
                kind: kind(meta.file_type()),
                uid: meta.uid(),
                mode: meta.mode() & 0o7777,
            },
        }
    }

    fn list(&self, path: &Path) -> ProbeOutcome {
        let names = none_if_missing(fs::read_dir(path)).and_then(|dir| {
            let Some(dir) = dir else { return Ok(None) };
            let name =
                |e: io::Result<fs::DirEntry>| Ok(e?.file_name().to_string_lossy().into_owned());
            dir.map(name).collect::<io::Result<Vec<String>>>().map(Some)
        });
        match names {
            Ok(None) => ProbeOutcome::NotFound,
            Ok(Some(mut names)) => {
                names.sort();
                ProbeOutcome::Entries(names)
            }
            Err(error) => ProbeOutcome::Unknown(format!("{}: {error}", path.display())),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, time: Duration) {
        if self.context.cancelled().is_some() {
            // A rollback waits between its attempts nevertheless.
            std::thread::sleep(time);
        } else {
            let _reason = self.context.wait_cancelled(time);
        }
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        self.context.check_cancelled()
    }
}

fn none_if_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn kind(file: fs::FileType) -> FileKind {
    if file.is_symlink() {
        FileKind::Link
    } else if file.is_dir() {
        FileKind::Dir
    } else if file.is_socket() {
        FileKind::Socket
    } else if file.is_file() {
        FileKind::File
    } else {
        FileKind::Other
    }
}

/// Replaces a file atomically: a reader finds the previous content or the new one,
/// also after a crash.
fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "no file name"));
    };
    let dir_mode = if mode & 0o077 == 0 { 0o700 } else { DIR_MODE };
    DirBuilder::new()
        .recursive(true)
        .mode(dir_mode)
        .create(dir)?;
    let mut file = tempfile::Builder::new()
        .prefix(&format!(".{}.", name.to_string_lossy()))
        .suffix(".new")
        .tempfile_in(dir)?;
    // Set on the open file, so that the umask does not apply: a service manager may
    // require the exact mode.
    file.as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{none_if_missing, write};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn files_are_replaced_atomically_with_their_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/unit");
        write(&path, 0o644, b"one").unwrap();
        write(&path, 0o600, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let entries = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(entries, 1, "no temporary file is left");
    }

    #[test]
    fn a_failed_write_leaves_the_previous_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("unit");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
        write(&path, 0o644, b"new").unwrap_err();
        assert!(path.join("inside").exists());
        let entries = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(entries, 1, "no temporary file is left");
    }

    #[test]
    fn a_missing_file_is_not_an_error() {
        assert!(none_if_missing(fs::read("/nowhere/x")).unwrap().is_none());
        assert!(
            none_if_missing(fs::read("/etc/passwd/x"))
                .unwrap()
                .is_none()
        );
        assert!(none_if_missing(fs::read("/")).is_err());
    }
}
