//! The calls of plugins that are in progress: a table without locks, because handlers
//! read it.

use super::fixed_text::FixedText;
use super::host_signals;
use super::identity::PluginIdentity;
use crate::clock::unix_ms;
use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{
    AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed,
    Ordering::Release, fence,
};

/// The number of calls that can be recorded at a time; further ones are not.
const CAPACITY: usize = 128;
/// The maximum length of the description of a call.
const MAX_TEXT: usize = 160;

static CALLS: [Entry; CAPACITY] = [const { Entry::new() }; CAPACITY];
static NEXT: AtomicU64 = AtomicU64::new(1);
/// When a plugin last called the host, as Unix time in milliseconds.
static LAST_HOST_CALL: AtomicU64 = AtomicU64::new(0);

/// A recorded call. The thread that claimed the entry writes it, and others read it: the
/// sequence number is 0 while it changes, and another one after that.
struct Entry {
    /// The thread that makes the call; 0 if the entry is free.
    thread: AtomicUsize,
    /// Increases with each call.
    sequence: AtomicU64,
    /// The called plugin; null if it has called the host.
    plugin: AtomicPtr<PluginIdentity>,
    /// Unix time in milliseconds; 0 for none.
    deadline: AtomicU64,
    length: AtomicUsize,
    text: [AtomicU8; MAX_TEXT],
}

/// Ends the record of a call when it is dropped.
#[must_use = "the call ends when this is dropped"]
pub(crate) struct CallGuard {
    entry: Option<&'static Entry>,
    /// The entry belongs to the thread.
    _thread: PhantomData<*const ()>,
}

/// A call in progress.
#[derive(Clone, Copy)]
pub(super) struct RunningCall {
    sequence: u64,
    thread: usize,
    /// The called plugin; `None` if it has called the host.
    pub(super) plugin: Option<&'static PluginIdentity>,
    deadline: u64,
    /// What was called.
    pub(super) what: FixedText<MAX_TEXT>,
}

/// Records that this thread calls the plugin; `what` completes "in …". The deadline is a
/// Unix time in milliseconds, 0 for none.
pub(super) fn enter(
    plugin: &'static PluginIdentity,
    deadline: u64,
    what: fmt::Arguments<'_>,
) -> CallGuard {
    let text = FixedText::<MAX_TEXT>::of(what);
    begin(ptr::from_ref(plugin).cast_mut(), text.as_str(), deadline)
}

/// Records that the plugin which this thread called has called the host.
pub(crate) fn enter_host() -> CallGuard {
    record_host_call();
    begin(ptr::null_mut(), "", 0)
}

/// Records that a plugin called the host: it does not hang.
pub(crate) fn record_host_call() {
    LAST_HOST_CALL.store(unix_ms(), Relaxed);
}

fn begin(plugin: *mut PluginIdentity, text: &str, deadline: u64) -> CallGuard {
    let thread = current_thread();
    let free = |entry: &&Entry| {
        let claimed = entry.thread.compare_exchange(0, thread, Acquire, Relaxed);
        claimed.is_ok()
    };
    let entry = CALLS.iter().find(free);
    if let Some(entry) = entry {
        // The texts must not be seen with the sequence number of the previous call.
        fence(Release);
        entry.plugin.store(plugin, Relaxed);
        entry.deadline.store(deadline, Relaxed);
        entry.length.store(text.len(), Relaxed);
        for (target, byte) in entry.text.iter().zip(text.bytes()) {
            target.store(byte, Relaxed);
        }
        entry.sequence.store(NEXT.fetch_add(1, Relaxed), Release);
    }
    CallGuard {
        entry,
        _thread: PhantomData,
    }
}

/// Returns a number that identifies the calling thread.
pub(super) fn current_thread() -> usize {
    // SAFETY: it has no preconditions.
    unsafe { libc::pthread_self() as usize }
}

/// Returns the innermost call of a thread.
pub(super) fn innermost(thread: usize) -> Option<RunningCall> {
    let of_thread = running().filter(|call| call.thread == thread);
    of_thread.max_by_key(|call| call.sequence)
}

/// Returns a call of the plugin: the innermost of the thread, or else the last one.
pub(super) fn of_plugin(plugin: &'static PluginIdentity, thread: usize) -> Option<RunningCall> {
    let of_plugin = running().filter(|call| call.plugin.is_some_and(|p| ptr::eq(p, plugin)));
    of_plugin.max_by_key(|call| (call.thread == thread, call.sequence))
}

/// Returns the innermost call of the thread whose call began first: the thread of the
/// command.
pub(super) fn of_command() -> Option<RunningCall> {
    let first = running().min_by_key(|call| call.sequence)?;
    let of_thread = running().filter(|call| call.thread == first.thread && call.plugin.is_some());
    of_thread.max_by_key(|call| call.sequence)
}

/// Returns the earliest deadline of a call, as Unix time in milliseconds.
pub(super) fn earliest_deadline() -> Option<u64> {
    let deadlines = running().map(|call| call.deadline);
    deadlines.filter(|deadline| *deadline != 0).min()
}

/// Returns a call that has not returned within `grace_ms` after its deadline, and whose
/// plugin has not called the host meanwhile.
pub(super) fn overdue(grace_ms: u64) -> Option<RunningCall> {
    let last = LAST_HOST_CALL.load(Relaxed);
    let is_overdue = |call: &RunningCall| {
        call.plugin.is_some()
            && call.deadline != 0
            && call.deadline.max(last).saturating_add(grace_ms) <= unix_ms()
    };
    let mut innermost = running().filter_map(|call| innermost(call.thread));
    innermost.find(is_overdue)
}

/// Removes the deadline of a call, which then is not overdue.
pub(super) fn remove_deadline(call: &RunningCall) {
    let of_call = |entry: &&Entry| entry.sequence.load(Acquire) == call.sequence;
    if let Some(entry) = CALLS.iter().find(of_call) {
        entry.deadline.store(0, Relaxed);
    }
}

/// Returns when a plugin last called the host, as Unix time in milliseconds.
pub(super) fn last_host_call() -> u64 {
    LAST_HOST_CALL.load(Relaxed)
}

fn running() -> impl Iterator<Item = RunningCall> {
    CALLS.iter().filter_map(Entry::read)
}

impl RunningCall {
    /// Returns whether the thread makes the call.
    pub(super) fn is_of(&self, thread: usize) -> bool {
        self.thread == thread
    }
}

impl Entry {
    const fn new() -> Self {
        Self {
            thread: AtomicUsize::new(0),
            sequence: AtomicU64::new(0),
            plugin: AtomicPtr::new(ptr::null_mut()),
            deadline: AtomicU64::new(0),
            length: AtomicUsize::new(0),
            text: [const { AtomicU8::new(0) }; MAX_TEXT],
        }
    }

    /// Returns the recorded call, unless there is none or it changes meanwhile.
    fn read(&self) -> Option<RunningCall> {
        let sequence = self.sequence.load(Acquire);
        if sequence == 0 {
            return None;
        }
        let plugin = self.plugin.load(Relaxed);
        let length = self.length.load(Relaxed);
        let call = RunningCall {
            sequence,
            thread: self.thread.load(Relaxed),
            // SAFETY: null, or an identity, which is never freed.
            plugin: unsafe { plugin.as_ref() },
            deadline: self.deadline.load(Relaxed),
            what: FixedText::from_bytes(self.text.iter().take(length).map(|b| b.load(Relaxed))),
        };
        fence(Acquire);
        (self.sequence.load(Relaxed) == sequence).then_some(call)
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        let Some(entry) = self.entry else { return };
        // SAFETY: null, or an identity, which is never freed.
        let plugin = unsafe { entry.plugin.load(Relaxed).as_ref() };
        let thread = entry.thread.load(Relaxed);
        entry.sequence.store(0, Relaxed);
        entry.thread.store(0, Release);
        if let Some(plugin) = plugin {
            // The entry of an outer call is one of the first.
            let of_thread = |entry: &Entry| entry.thread.load(Relaxed) == thread;
            host_signals::restore_after_call(plugin, || !CALLS.iter().any(of_thread));
        }
    }
}
