//! Input that is not waited for after the call is cancelled: files, which may be FIFOs, and
//! standard input.

use super::context::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

/// A file or standard input, whose reads fail when the call is cancelled, as
/// [`Context::check_cancelled`] does.
pub struct Input<'a> {
    source: Source,
    context: &'a Context<'a>,
}

enum Source {
    File(File),
    Stdin(std::io::Stdin),
}

impl<'a> Context<'a> {
    /// Opens a file for reading. A FIFO without a writer does not block.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open_file(&'a self, path: &Path) -> Result<Input<'a>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Input {
            source: Source::File(file.into()),
            context: self,
        })
    }

    /// Returns standard input.
    #[must_use]
    pub fn stdin(&'a self) -> Input<'a> {
        Input {
            source: Source::Stdin(std::io::stdin()),
            context: self,
        }
    }

    /// Reads a whole file of at most `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be read or is larger, or the call is cancelled.
    pub fn read_file(&self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        self.open_file(path)?.read_all(limit)
    }
}

impl Input<'_> {
    /// Returns the metadata of the file; of standard input there is none.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn metadata(&self) -> Result<std::fs::Metadata> {
        match &self.source {
            Source::File(file) => file.metadata(),
            Source::Stdin(_) => Err(ErrorKind::Unsupported.into()),
        }
    }

    /// Reads everything, which must not be more than `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be read or is larger, or the call is cancelled.
    pub fn read_all(self, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            let message = format!("it is larger than {limit} bytes");
            return Err(Error::new(ErrorKind::FileTooLarge, message));
        }
        Ok(bytes)
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.source {
            Source::File(file) => file.as_fd(),
            Source::Stdin(stdin) => stdin.as_fd(),
        }
    }

    /// Waits until there is something to read.
    fn wait(&self) -> Result<()> {
        loop {
            if let Err(error) = self.context.check_cancelled() {
                return Err(Error::other(error));
            }
            let mut watched = vec![PollFd::from_borrowed_fd(self.fd(), PollFlags::IN)];
            let cancelled = self.context.cancel_fd();
            watched.extend(cancelled.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
            let timeout = self.context.remaining();
            let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut watched, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if watched.first().is_some_and(|fd| !fd.revents().is_empty()) {
                return Ok(());
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            self.wait()?;
            // Not through the buffer of `Stdin`, of which `poll` knows nothing.
            match rustix::io::read(self.fd(), &mut *buffer) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                // Another reader was faster.
                Err(Errno::AGAIN) => {
                    let _reason = self.context.wait_cancelled(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
