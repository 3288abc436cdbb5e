//! The streams of the process.

use crate::rpc::LineWriter;
use rustix::stdio::{dup2_stdin, dup2_stdout};
use std::fs::File;
use std::io::Result;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Takes the pipes to the host from the numbers 0 and 1, so that a library that reads
/// from standard input, writes to standard output or closes one of them does not reach
/// them: the first is empty afterwards, and the second is standard error.
pub(super) fn take() -> Result<(File, Arc<LineWriter>)> {
    let stdin = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let stdout = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let empty: OwnedFd = File::open("/dev/null")?.into();
    dup2_stdin(&empty)?;
    dup2_stdout(rustix::stdio::stderr())?;
    Ok((File::from(stdin), LineWriter::blocking(stdout)))
}
