//! The real machine as the SDK's executor wants it, and an `s6-svscan` on it.

use crate::folder::Folder;
use crate::place::scan_dir;
use crate::sample::system;
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{FileKind, ProbeOutcome};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A home with an `s6-svscan` that ends with it.
pub(super) struct Machine {
    pub(super) home: Folder,
    svscan: Child,
    began: Instant,
}

/// Waits until `done`.
pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Machine {
    /// Nothing where s6 is not installed, which is a failure when CI is set.
    pub(super) fn new() -> Option<Self> {
        let home = Folder::new("home");
        let scan = scan_dir(&system(home.path()));
        fs::create_dir_all(&scan).unwrap();
        let svscan = Command::new("s6-svscan")
            .arg(&scan)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(svscan) = svscan else {
            assert!(std::env::var_os("CI").is_none(), "s6 is not installed");
            eprintln!("SKIPPED: s6 is not installed");
            return None;
        };
        let machine = Self {
            home,
            svscan,
            began: Instant::now(),
        };
        until("s6-svscan listens", || {
            let ask = Command::new("s6-svscanctl").arg(&scan).output();
            ask.is_ok_and(|out| out.status.success())
        });
        Some(machine)
    }
}

impl Drop for Machine {
    /// Asked to end, it ends its services first.
    fn drop(&mut self) {
        let pid = self.svscan.id().to_string();
        drop(Command::new("kill").arg(pid).status());
        drop(self.svscan.wait());
    }
}

impl Runner for Machine {
    fn run(&self, argv: &[String], env: &BTreeMap<String, String>, _: Duration) -> ExecOutcome {
        let output = Command::new(&argv[0])
            .args(&argv[1..])
            .envs(env)
            .stdin(Stdio::null())
            .output();
        match output {
            Ok(out) => ExecOutcome::Exited {
                code: out.status.code(),
                stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => ExecOutcome::NotFound,
            Err(error) => ExecOutcome::Failed(error.to_string()),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        absent(fs::read(path))
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
        let fresh = path.with_extension("new");
        fs::write(&fresh, bytes)?;
        fs::set_permissions(&fresh, Permissions::from_mode(mode))?;
        fs::rename(fresh, path)
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        absent(fs::remove_file(path)).map(|done| done.is_some())
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        match absent(fs::symlink_metadata(path)) {
            Ok(None) => ProbeOutcome::NotFound,
            Err(error) => ProbeOutcome::Unknown(error.to_string()),
            Ok(Some(meta)) => ProbeOutcome::Metadata {
                kind: match meta.file_type() {
                    kind if kind.is_symlink() => FileKind::Link,
                    kind if kind.is_dir() => FileKind::Dir,
                    kind if kind.is_file() => FileKind::File,
                    _ => FileKind::Other,
                },
                uid: meta.uid(),
                mode: meta.mode() & 0o7777,
            },
        }
    }

    fn list(&self, path: &Path) -> ProbeOutcome {
        let Ok(entries) = fs::read_dir(path) else {
            return ProbeOutcome::NotFound;
        };
        let name = |e: io::Result<fs::DirEntry>| e.ok()?.file_name().into_string().ok();
        let mut names: Vec<String> = entries.filter_map(name).collect();
        names.sort();
        ProbeOutcome::Entries(names)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
