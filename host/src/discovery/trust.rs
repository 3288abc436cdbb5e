//! Who may change a plugin's files: only root and the person who runs kt.

use kt_plugin_api::{Class, Error};
use rustix::fs::{Access, access};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The uid under which files of unmapped owners appear in a user namespace
/// (`/proc/sys/kernel/overflowuid`, 65534 on every distribution).
const OVERFLOW_UID: u32 = 65534;
const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// The plugin's folder and the plugin directory.
const OWN_FOLDERS: usize = 2;

/// Refuses a file that others could have changed.
///
/// # Errors
/// Class `plugin`, with the exact command that mends it.
pub(crate) fn check_file(path: &Path, meta: &Metadata) -> Result<(), Error> {
    check_owner(path, meta)?;
    check_mode(path, meta)?;
    for (depth, parent) in path.ancestors().skip(1).enumerate() {
        let Ok(meta) = std::fs::metadata(parent) else {
            continue;
        };
        // In a sticky directory others can add files but not replace ours.
        let others = meta.mode() & OTHER_WRITE != 0 && meta.mode() & STICKY == 0;
        // Above the plugin directory the system decides: Debian's
        // /usr/local/lib belongs to a group of administrators.
        let mend = if depth < OWN_FOLDERS && group_of_others_writes(&meta) {
            "g-w"
        } else if others {
            "o-w"
        } else {
            continue;
        };
        let parent = parent.display();
        let why = format!("its folder `{parent}` is writable by others");
        return Err(refused(path, &why).hint(format!("run `chmod {mend} '{parent}'`")));
    }
    Ok(())
}

fn check_owner(path: &Path, meta: &Metadata) -> Result<(), Error> {
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() == 0 || meta.uid() == me {
        return Ok(());
    }
    if meta.uid() == OVERFLOW_UID && !uid_zero_is_mapped() && !writable_by_us(path) {
        return Ok(());
    }
    let problem = format!("it belongs to uid {}, neither root nor you", meta.uid());
    Err(refused(path, &problem).hint(format!(
        "run `chown {me} '{}'`, or `chown root …`",
        path.display()
    )))
}

fn check_mode(path: &Path, meta: &Metadata) -> Result<(), Error> {
    let bad = if meta.mode() & OTHER_WRITE != 0 {
        "o-w"
    } else if group_of_others_writes(meta) {
        "g-w"
    } else {
        return Ok(());
    };
    Err(refused(path, "it is writable by others")
        .hint(format!("run `chmod {bad} '{}'`", path.display())))
}

/// Root's group, and the group that a user has alone, whose number is the
/// user's by convention, hold nobody else.
fn group_of_others_writes(meta: &Metadata) -> bool {
    let own = meta.gid() == 0 || meta.gid() == rustix::process::geteuid().as_raw();
    meta.mode() & GROUP_WRITE != 0 && !own
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-untrusted",
        format!("`{}` is not trusted", path.display()),
    )
    .cause(why)
    .data("path", path.display().to_string())
}

/// A sandboxed service sees root's files under the overflow uid, because its
/// user namespace maps nobody but its own user.
fn uid_zero_is_mapped() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.is_empty()
        || map
            .lines()
            .any(|line| line.split_whitespace().next() == Some("0"))
}

fn writable_by_us(path: &Path) -> bool {
    path.ancestors()
        .take(2)
        .any(|p| access(p, Access::WRITE_OK).is_ok())
}
