//! Why standard output takes no more data.

use kt_plugin_api::{Class, Error};
use std::io;

/// Why no more parts of a result are written.
#[derive(Debug)]
pub(super) enum ClosedOutput {
    /// The reader closed the pipe.
    ByReader,
    /// Writing failed, such as on a full disk.
    Failed(Error),
}

/// Returns the error for a failed write to standard output.
pub(super) fn write_error(source: &io::Error) -> Error {
    let message = "cannot write to standard output";
    Error::new(Class::Unavailable, "output-failed", message).cause(source)
}
