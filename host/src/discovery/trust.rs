//! The trust check: only root and the current user may be able to change the files
//! of a plugin. Nothing of it is remembered from one run to the next.

use kt_plugin_api::{Class, Error};
use rustix::fs::{Access, access};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The uid of files with unmapped owners in a user namespace
/// (`/proc/sys/kernel/overflowuid`, 65534 on every distribution).
const OVERFLOW_UID: u32 = 65534;
const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Returns an error if other users could have changed the file.
///
/// # Errors
/// Class `plugin`, with the command that fixes it.
pub(crate) fn check_trust(path: &Path, meta: &Metadata) -> Result<(), Error> {
    TrustChecks::default().check(path, meta)
}

/// Checks files, and looks at each directory above the plugin directories once.
#[derive(Default)]
pub(super) struct TrustChecks {
    /// What was found at and above the plugin directories and their parents.
    checked: Vec<(PathBuf, AncestorCheck)>,
}

/// Which directories other users may write to.
#[derive(Clone)]
struct AncestorCheck {
    /// The metadata of the directory itself; `None` if there are none.
    meta: Option<Metadata>,
    /// The nearest directory above it to which others may write.
    above: Option<PathBuf>,
}

impl TrustChecks {
    /// Returns an error if other users could have changed the file.
    ///
    /// # Errors
    /// Class `plugin`, with the command that fixes it.
    pub(super) fn check(&mut self, path: &Path, meta: &Metadata) -> Result<(), Error> {
        check_owner(path, meta)?;
        check_mode(path, meta)?;
        let Some(dir) = path.parent() else {
            return Ok(());
        };
        check_parent(path, dir, std::fs::metadata(dir).ok().as_ref())?;
        let Some(parent) = dir.parent() else {
            return Ok(());
        };
        let ancestors = self.ancestors(parent);
        check_parent(path, parent, ancestors.meta.as_ref())?;
        match ancestors.above {
            Some(writable) => Err(writable_directory(path, &writable, "o-w")),
            None => Ok(()),
        }
    }

    fn ancestors(&mut self, dir: &Path) -> AncestorCheck {
        let is_same = |(checked, _): &&(PathBuf, _)| checked.as_os_str() == dir.as_os_str();
        let known = self.checked.iter().find(is_same);
        if let Some((_, check)) = known {
            return check.clone();
        }
        // Group permissions above the plugin directory are up to the system:
        // on Debian, /usr/local/lib is writable by the group `staff`.
        let above = dir.parent().and_then(|parent| {
            let check = self.ancestors(parent);
            match check.meta {
                Some(meta) if is_writable_by_others(&meta) => Some(parent.to_owned()),
                _ => check.above,
            }
        });
        let check = AncestorCheck {
            meta: std::fs::metadata(dir).ok(),
            above,
        };
        self.checked.push((dir.to_owned(), check.clone()));
        check
    }
}

/// Checks a directory that belongs to kt: that of the plugin, or the plugin directory.
fn check_parent(path: &Path, dir: &Path, meta: Option<&Metadata>) -> Result<(), Error> {
    let change = match meta {
        Some(meta) if is_group_writable(meta) => "g-w",
        Some(meta) if is_writable_by_others(meta) => "o-w",
        _ => return Ok(()),
    };
    Err(writable_directory(path, dir, change))
}

fn writable_directory(path: &Path, dir: &Path, change: &str) -> Error {
    let dir = dir.display();
    let reason = format!("its directory `{dir}` is writable by others");
    untrusted(path, &reason).hint(format!("run `chmod {change} '{dir}'`"))
}

/// In a sticky directory other users can create files, but not replace existing ones.
fn is_writable_by_others(dir: &Metadata) -> bool {
    dir.mode() & OTHER_WRITE != 0 && dir.mode() & STICKY == 0
}

fn check_owner(path: &Path, meta: &Metadata) -> Result<(), Error> {
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() == 0 || meta.uid() == me {
        return Ok(());
    }
    if meta.uid() == OVERFLOW_UID && !uid_zero_is_mapped() && !writable_by_current_user(path) {
        return Ok(());
    }
    let reason = format!("it is owned by uid {}, neither root nor you", meta.uid());
    Err(untrusted(path, &reason).hint(format!(
        "run `chown {me} '{}'`, or `chown root …`",
        path.display()
    )))
}

fn check_mode(path: &Path, meta: &Metadata) -> Result<(), Error> {
    let change = if meta.mode() & OTHER_WRITE != 0 {
        "o-w"
    } else if is_group_writable(meta) {
        "g-w"
    } else {
        return Ok(());
    };
    Err(untrusted(path, "it is writable by others")
        .hint(format!("run `chmod {change} '{}'`", path.display())))
}

/// Returns whether other users may write through the group. The group of root, and
/// the private group of a user, whose gid equals the uid by convention, have no
/// other members.
fn is_group_writable(meta: &Metadata) -> bool {
    let private = meta.gid() == 0 || meta.gid() == rustix::process::geteuid().as_raw();
    meta.mode() & GROUP_WRITE != 0 && !private
}

fn untrusted(path: &Path, reason: &str) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-untrusted",
        format!("`{}` is not trusted", path.display()),
    )
    .cause(reason)
    .data("path", path.display().to_string())
}

/// In a sandboxed service, the files of root have the overflow uid, because the user
/// namespace maps no other user than its own.
fn uid_zero_is_mapped() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.is_empty()
        || map
            .lines()
            .any(|line| line.split_whitespace().next() == Some("0"))
}

fn writable_by_current_user(path: &Path) -> bool {
    path.ancestors()
        .take(2)
        .any(|p| access(p, Access::WRITE_OK).is_ok())
}
