//! Records crashes in the journal, which puts a plugin in quarantine after some.

use super::identity::PluginIdentity;
use crate::discovery;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

static DISABLED: AtomicBool = AtomicBool::new(false);

/// Disables the record, for checks of plugins, which are not runs.
pub(crate) fn disable() {
    DISABLED.store(true, Ordering::Relaxed);
}

/// Records that the process of an isolated plugin ended in a crash. A failure means that
/// the crash is not counted.
pub(crate) fn record_process_crash(journal: &Path, name: &str, version: &str) {
    if !DISABLED.load(Ordering::Relaxed) {
        drop(discovery::record_crash(journal, name, version));
    }
}

/// Appends a line to the journal; async-signal-safe. The file is opened here, because
/// nearly every run ends without a crash.
pub(super) fn record_crash(plugin: &PluginIdentity) {
    if DISABLED.load(Ordering::Relaxed) {
        return;
    }
    let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_NOFOLLOW;
    let flags = flags | libc::O_CLOEXEC | libc::O_NONBLOCK;
    let line = plugin.crash_line.as_bytes();
    // SAFETY: terminated strings and a line that are never freed. A failure means that
    // the crash is not counted.
    unsafe {
        libc::mkdir(plugin.journal_dir.as_ptr(), 0o700);
        let journal = libc::open(plugin.journal.as_ptr(), flags, 0o600);
        if journal >= 0 {
            libc::write(journal, line.as_ptr().cast(), line.len());
            libc::close(journal);
        }
    }
}
