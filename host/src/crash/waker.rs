//! Wakes the thread that handles signals, watches calls, and compares signal actions.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

static WAKER: OnceLock<UnixStream> = OnceLock::new();

/// Sets the stream that receives a byte when the thread has to wake.
pub(crate) fn set(stream: UnixStream) {
    // Without it, only the first signal handling of a process is watched.
    drop(WAKER.set(stream));
}

/// Wakes the thread, if there is one.
pub(super) fn wake() {
    if let Some(mut waker) = WAKER.get() {
        // If the buffer is full, the thread wakes anyway.
        drop(waker.write(&[0]));
    }
}
