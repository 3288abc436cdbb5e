//! The administration socket: private to the user, by file mode and by peer
//! credentials.

use kt_plugin_api::{Class, Error};
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// The longest path of a socket address: `sun_path` has room for 104
/// bytes with the terminator on macOS, and 108 on Linux.
const MAX_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// Binds the socket. A stale one, without a listening process, is replaced.
///
/// # Errors
/// Class `conflict` when another process runs the gateway on this machine,
/// `settings` when the path is too long.
pub(crate) fn bind(path: &Path) -> Result<UnixListener, Error> {
    let error = |class, source: &dyn std::fmt::Display| {
        let message = format!("cannot listen on `{}`", path.display());
        Error::new(class, "admin-socket", message).cause(source)
    };
    let io_error = |source: &dyn std::fmt::Display| error(Class::Unavailable, source);
    if path.as_os_str().len() > MAX_PATH {
        // Not class `unavailable`: a retry cannot help.
        return Err(error(Class::Settings, &"the path is too long for a socket")
            .hint("use a shorter KT_HOME or XDG_RUNTIME_DIR"));
    }
    if let Some(dir) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| io_error(&e))?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(Error::new(
            Class::Conflict,
            "already-running",
            "another process on this machine runs this gateway",
        )
        .cause(format!("it listens on `{}`", path.display()))
        .hint("stop it first, or use another KT_HOME"));
    }
    drop(std::fs::remove_file(path));
    // Between bind and chmod, the mode of the directory protects the socket.
    let listener = UnixListener::bind(path).map_err(|e| io_error(&e))?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(|e| io_error(&e))?;
    listener.set_nonblocking(true).map_err(|e| io_error(&e))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::{MAX_PATH, bind};
    use kt_plugin_api::Class;

    #[test]
    fn a_path_that_is_too_long_is_a_settings_error() {
        let dir = tempfile::tempdir().unwrap();
        let room = MAX_PATH - dir.path().as_os_str().len() - 1;
        bind(&dir.path().join("s".repeat(room))).unwrap();
        let error = bind(&dir.path().join("s".repeat(room + 1))).unwrap_err();
        assert_eq!(error.class, Class::Settings);
        assert!(!error.hints.is_empty());
    }
}
