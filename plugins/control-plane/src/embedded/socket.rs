//! The path of the local server's socket.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Name of the socket in the state directory.
pub const SOCKET_FILE: &str = "control-plane.sock";

/// A socket address holds 108 bytes on Linux and 104 elsewhere, with a zero at the end (unix(7)).
const LONGEST: usize = 100;

/// A path to the socket that fits into a socket address, whatever the directory is called.
#[derive(Debug)]
pub struct ShortPath {
    path: PathBuf,
    _directory: Option<File>,
}

impl ShortPath {
    /// Finds the path.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn of(directory: &Path) -> Result<Self, io::Error> {
        let path = directory.join(SOCKET_FILE);
        if path.as_os_str().len() <= LONGEST {
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

    /// Returns the path, valid as long as the value lives.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }
}
