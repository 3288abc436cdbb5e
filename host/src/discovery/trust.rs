//! The trust check: only root and the current user may be able to change the files
//! of a plugin.

use kt_plugin_api::{Class, Error};
use rustix::fs::{Access, access};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The uid of files with unmapped owners in a user namespace
/// (`/proc/sys/kernel/overflowuid`, 65534 on every distribution).
const OVERFLOW_UID: u32 = 65534;
const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// The number of parents that belong to kt: the directory of the plugin, and the
/// plugin directory.
const PLUGIN_PARENTS: usize = 2;

/// Returns an error if other users could have changed the file.
///
/// # Errors
/// Class `plugin`, with the command that fixes it.
pub(crate) fn check_trust(path: &Path, meta: &Metadata) -> Result<(), Error> {
    check_owner(path, meta)?;
    check_mode(path, meta)?;
    for (depth, parent) in path.ancestors().skip(1).enumerate() {
        let Ok(meta) = std::fs::metadata(parent) else {
            continue;
        };
        // In a sticky directory other users can create files, but not replace
        // existing ones.
        let others = meta.mode() & OTHER_WRITE != 0 && meta.mode() & STICKY == 0;
        // Group permissions above the plugin directory are up to the system:
        // on Debian, /usr/local/lib is writable by the group `staff`.
        let change = if depth < PLUGIN_PARENTS && is_group_writable(&meta) {
            "g-w"
        } else if others {
            "o-w"
        } else {
            continue;
        };
        let parent = parent.display();
        let reason = format!("its directory `{parent}` is writable by others");
        return Err(untrusted(path, &reason).hint(format!("run `chmod {change} '{parent}'`")));
    }
    Ok(())
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
