//! The wait for a cancellation.

use crate::abi::{KtContext, cancel};
use crate::{Cancel, Context};
use std::ffi::c_void;
use std::io::PipeWriter;
use std::os::fd::AsRawFd as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

const LONG: Duration = Duration::from_hours(1);

/// A host that can cancel one call.
struct TestHost {
    reason: AtomicI32,
    signal: std::io::PipeReader,
    writer: Mutex<Option<PipeWriter>>,
}

impl TestHost {
    fn new() -> Self {
        let (signal, writer) = std::io::pipe().unwrap();
        Self {
            reason: AtomicI32::new(cancel::NONE),
            signal,
            writer: Mutex::new(Some(writer)),
        }
    }

    fn raw(&self) -> KtContext {
        KtContext {
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            cancelled: Some(cancelled),
            cancel_fd: Some(cancel_fd),
            ..KtContext::EMPTY
        }
    }

    fn cancel(&self, reason: i32) {
        self.reason.store(reason, Ordering::SeqCst);
        drop(self.writer.lock().unwrap().take());
    }
}

unsafe extern "C" fn cancelled(ctx: *mut c_void) -> i32 {
    // SAFETY: the pointer of `raw`, which the host outlives.
    let host = unsafe { &*ctx.cast::<TestHost>() };
    host.reason.load(Ordering::SeqCst)
}

unsafe extern "C" fn cancel_fd(ctx: *mut c_void) -> isize {
    // SAFETY: as above.
    let host = unsafe { &*ctx.cast::<TestHost>() };
    isize::try_from(host.signal.as_raw_fd()).unwrap()
}

/// Waits in one thread, and cancels the call in another one.
fn wait(raw: KtContext, host: &TestHost, reason: i32) -> Option<Cancel> {
    // SAFETY: the struct and the host outlive the context.
    let context = unsafe { Context::from_raw(&raw const raw) }.unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| context.wait_cancelled(LONG));
        host.cancel(reason);
        waiting.join().unwrap()
    })
}

/// It would take an hour if the descriptor did not end it.
#[test]
fn a_signal_ends_the_wait() {
    for (code, reason) in [
        (cancel::INTERRUPT, Cancel::Interrupt),
        (cancel::TERMINATE, Cancel::Terminate),
        (cancel::DEADLINE, Cancel::Deadline),
    ] {
        let host = TestHost::new();
        assert_eq!(wait(host.raw(), &host, code), Some(reason));
    }
}

#[test]
fn a_host_without_a_descriptor_is_asked_at_an_interval() {
    let host = TestHost::new();
    let raw = KtContext {
        cancel_fd: None,
        ..host.raw()
    };
    let reason = wait(raw, &host, cancel::INTERRUPT);
    assert_eq!(reason, Some(Cancel::Interrupt));
}

#[test]
fn the_deadline_and_the_time_end_the_wait() {
    let host = TestHost::new();
    let raw = host.raw();
    // SAFETY: the struct and the host outlive the context.
    let context = unsafe { Context::from_raw(&raw const raw) }.unwrap();
    assert_eq!(context.wait_cancelled(Duration::from_millis(2)), None);
    let limited = context.with_timeout(Duration::from_millis(5));
    assert_eq!(limited.wait_cancelled(LONG), Some(Cancel::Deadline));
    host.cancel(cancel::INTERRUPT);
    let shutdown = context.without_cancellation(Duration::from_millis(5));
    assert_eq!(shutdown.wait_cancelled(LONG), Some(Cancel::Deadline));
}

/// It would block until the end of the test if the descriptor did not end it: the FIFO has
/// no writer, and then one that writes nothing.
#[test]
fn a_signal_ends_a_read_of_a_fifo() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    let created = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(created.unwrap().success());
    for with_writer in [false, true] {
        let host = TestHost::new();
        let raw = host.raw();
        // SAFETY: the struct and the host outlive the context.
        let context = unsafe { Context::from_raw(&raw const raw) }.unwrap();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| context.read_file(&path, 10));
            let writer =
                with_writer.then(|| std::fs::OpenOptions::new().write(true).open(&path).unwrap());
            host.cancel(cancel::INTERRUPT);
            let error = reading.join().unwrap().unwrap_err();
            assert!(error.to_string().contains("interrupted"), "{error}");
            drop(writer);
        });
    }
}

#[test]
fn a_file_is_read_whole_or_is_too_large() {
    let host = TestHost::new();
    let raw = host.raw();
    // SAFETY: the struct and the host outlive the context.
    let context = unsafe { Context::from_raw(&raw const raw) }.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    std::fs::write(&path, "0123456789").unwrap();
    assert_eq!(context.read_file(&path, 10).unwrap(), b"0123456789");
    let error = context.read_file(&path, 9).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    let missing = context.read_file(&directory.path().join("none"), 9);
    assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}
