//! The real machine.

use super::{crash, process};
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome};
use kt_plugin_api::{Context, Error};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// Directories that kt makes for files of its own are the person's alone; those
/// on the way to a unit follow the person's umask through this.
const DIR_MODE: u32 = 0o755;

/// Does the deeds.
pub(crate) struct Machine<'a, 'c> {
    context: &'a Context<'c>,
    began: Instant,
}

impl<'a, 'c> Machine<'a, 'c> {
    pub(crate) fn new(context: &'a Context<'c>) -> Self {
        Self {
            context,
            began: Instant::now(),
        }
    }

    /// At most until the call's deadline. Once that has passed only the way back
    /// is left to run, and it gets the time it needs.
    fn limited(&self, timeout: Duration) -> Duration {
        match self.context.remaining() {
            Some(left) if !left.is_zero() => timeout.min(left),
            _ => timeout,
        }
    }
}

impl Runner for Machine<'_, '_> {
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome {
        crash::before_change();
        process::run(argv, env, self.limited(timeout))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        absent(fs::read(path))
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        crash::before_change();
        write(path, mode, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        crash::before_change();
        absent(fs::remove_file(path)).map(|done| done.is_some())
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        match absent(fs::symlink_metadata(path)) {
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
        let names = absent(fs::read_dir(path)).and_then(|dir| {
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
        self.began.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        self.context.check_cancelled()
    }
}

pub(super) fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
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

/// Replaces a file by rename, so that a reader, or a crash, finds the earlier
/// text or the new one and nothing between.
pub(super) fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "no file name"));
    };
    let dir_mode = if mode & 0o077 == 0 { 0o700 } else { DIR_MODE };
    DirBuilder::new()
        .recursive(true)
        .mode(dir_mode)
        .create(dir)?;
    let fresh = dir.join(format!(
        ".{}.{}.new",
        name.to_string_lossy(),
        std::process::id()
    ));
    let written = fill(&fresh, mode, bytes).and_then(|()| fs::rename(&fresh, path));
    if let Err(error) = written {
        // The earlier file is unharmed; a leftover would only be litter.
        drop(fs::remove_file(&fresh));
        return Err(error);
    }
    File::open(dir)?.sync_all()
}

fn fill(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    absent(fs::remove_file(path))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    // The umask may have taken bits away that a service manager insists on.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}
