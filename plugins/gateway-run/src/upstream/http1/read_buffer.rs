//! The buffer that a thread reads into.

use std::cell::Cell;

/// Large enough for most responses, and for what a socket holds of a large one.
const SIZE: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Lends the buffer of this thread. Its content does not survive.
pub(super) fn with_read_buffer<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    let buffer = BUFFER.take();
    let mut buffer = buffer.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice());
    let result = read(&mut buffer);
    BUFFER.set(Some(buffer));
    result
}
