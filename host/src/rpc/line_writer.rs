//! Writes lines without blocking the caller.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

/// Writes lines to a pipe. What the pipe has no room for is written by a thread of its
/// own: a caller that waited for a reader which waits for the caller would never
/// notice a deadline.
pub(crate) struct LineWriter(Mutex<State>);

struct State {
    /// `None` if the reader has closed the pipe, or [`LineWriter::close`] was called.
    pipe: Option<OwnedFd>,
    /// What has to be written.
    pending: Vec<u8>,
    /// A thread writes `pending`.
    draining: bool,
    /// The pipe is closed when `pending` is written.
    closing: bool,
}

impl LineWriter {
    /// # Errors
    /// If the pipe cannot be configured.
    pub(crate) fn new(pipe: OwnedFd) -> std::io::Result<Arc<Self>> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(Self::blocking(pipe))
    }

    /// Creates a writer that blocks its callers while the pipe is full, which slows
    /// down a plugin that emits faster than the host reads.
    pub(crate) fn blocking(pipe: OwnedFd) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            pipe: Some(pipe),
            pending: Vec::new(),
            draining: false,
            closing: false,
        })))
    }

    /// Creates a writer of a pipe that is closed.
    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            pipe: None,
            pending: Vec::new(),
            draining: false,
            closing: true,
        })))
    }

    /// Writes a line, which must not contain a line feed. If the pipe is closed, the
    /// reader is gone or terminates, which its owner notices.
    pub(crate) fn send(self: &Arc<Self>, line: &str) {
        let Ok(mut state) = self.0.lock() else {
            return;
        };
        if state.closing {
            return;
        }
        state.pending.extend_from_slice(line.as_bytes());
        state.pending.push(b'\n');
        if !state.draining && !state.flush() {
            state.draining = true;
            let writer = Arc::clone(self);
            let thread = std::thread::Builder::new().name("plugin stdin".to_owned());
            if thread.spawn(move || writer.drain()).is_err() {
                state.draining = false;
            }
        }
    }

    /// Closes the pipe as soon as everything is written.
    pub(crate) fn close(&self) {
        if let Ok(mut state) = self.0.lock() {
            state.closing = true;
            if state.pending.is_empty() {
                state.pipe = None;
            }
        }
    }

    fn drain(&self) {
        loop {
            // The duplicate keeps the number valid during the wait.
            let pipe = match self.0.lock() {
                Ok(state) => state.pipe.as_ref().and_then(|p| p.try_clone().ok()),
                Err(_) => return,
            };
            if let Some(pipe) = pipe {
                let _result = poll(&mut [PollFd::new(&pipe, PollFlags::OUT)], None);
            }
            let Ok(mut state) = self.0.lock() else { return };
            if state.flush() {
                state.draining = false;
                return;
            }
        }
    }
}

impl State {
    /// Writes as much as the pipe has room for; returns whether nothing is left.
    fn flush(&mut self) -> bool {
        let mut written = 0;
        while let (Some(pipe), Some(rest)) = (&self.pipe, self.pending.get(written..)) {
            if rest.is_empty() {
                break;
            }
            match rustix::io::write(pipe, rest) {
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.pending.drain(..written);
                    return false;
                }
                Err(_) => self.pipe = None,
            }
        }
        self.pending.clear();
        if self.closing {
            self.pipe = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::LineWriter;
    use std::io::Read;

    #[test]
    fn a_reader_that_does_not_read_blocks_nobody() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let writer = LineWriter::new(writer.into()).unwrap();
        let long = "x".repeat(1 << 20);
        writer.send(&long);
        writer.send("end");
        writer.close();
        let mut all = String::new();
        reader.read_to_string(&mut all).unwrap();
        assert_eq!(all, format!("{long}\nend\n"));
    }

    #[test]
    fn a_closed_pipe_is_not_an_error_of_the_writer() {
        let (reader, writer) = std::io::pipe().unwrap();
        let writer = LineWriter::new(writer.into()).unwrap();
        drop(reader);
        writer.send("nobody reads this");
        writer.send("nor this");
    }
}
