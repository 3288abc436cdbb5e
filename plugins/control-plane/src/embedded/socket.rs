//! The path of the local server's socket.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Name of the socket in the state directory.
pub const SOCKET_FILE: &str = "control-plane.sock";

/// Longest path that is used directly. A socket address holds 108 bytes on Linux and 104 elsewhere,
/// including a terminating zero (unix(7)).
const MAX_PATH_BYTES: usize = 100;

/// A path of the socket that fits into a socket address, even if that of the directory is long.
#[derive(Debug)]
pub struct ShortPath {
    path: PathBuf,
    _directory: Option<File>,
}

impl ShortPath {
    /// Returns the path of the socket in a directory.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn of(directory: &Path) -> Result<Self, io::Error> {
        let path = directory.join(SOCKET_FILE);
        if path.as_os_str().len() <= MAX_PATH_BYTES {
            return Ok(Self {
                path,
                _directory: None,
            });
        }
        let opened = File::open(directory)?;
        let path = PathBuf::from(format!(
            "/proc/self/fd/{}/{SOCKET_FILE}",
            opened.as_raw_fd()
        ));
        Ok(Self {
            path,
            _directory: Some(opened),
        })
    }

    /// Returns the path, which is valid while the value lives.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }
}
