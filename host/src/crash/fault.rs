//! The handlers of fault signals.

use super::report::{Message, Report};
use super::{calls, culprit, journal};
use crate::terminal_mode;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The handled signals, with their names and meanings.
const SIGNALS: [(c_int, &str, &str); 7] = [
    (libc::SIGSEGV, "SIGSEGV", "invalid memory reference"),
    (libc::SIGBUS, "SIGBUS", "invalid access to memory"),
    (libc::SIGILL, "SIGILL", "illegal instruction"),
    (libc::SIGFPE, "SIGFPE", "arithmetic error"),
    (libc::SIGABRT, "SIGABRT", "abort"),
    (libc::SIGTRAP, "SIGTRAP", "breakpoint"),
    (libc::SIGSYS, "SIGSYS", "system call that is not allowed"),
];

/// The size of the alternate stack of a thread of the host. That of the Rust runtime has
/// the minimum for the registers of the processor, but at least 8 KiB.
const STACK_SIZE: usize = 64 * 1024;

/// The distance between stack pointer and fault of a stack overflow: a function may
/// write to the far end of its frame first.
const OVERFLOW_DISTANCE: usize = 64 * 1024;

/// The thread whose fault is being handled.
static HANDLING: AtomicUsize = AtomicUsize::new(0);
/// The actions before, in the order of [`SIGNALS`].
static PREVIOUS: [AtomicPtr<libc::sigaction>; SIGNALS.len()] =
    [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS.len()];

/// Installs the handlers.
pub(super) fn install() {
    for ((signal, ..), previous) in SIGNALS.iter().zip(&PREVIOUS) {
        let mut before = Box::new(zeroed_action());
        let mut action = zeroed_action();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler is async-signal-safe; both structs are valid.
        unsafe { libc::sigaction(*signal, &raw const action, &raw mut *before) };
        // Not freed: the handler may read it at any time.
        previous.store(Box::into_raw(before), Ordering::Release);
    }
}

fn zeroed_action() -> libc::sigaction {
    // SAFETY: zeroes are the default action with an empty mask.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Gives the calling thread an alternate stack that is large enough. Threads that a
/// plugin creates have none, unless it sets one.
pub(crate) fn set_alternate_stack() {
    // SAFETY: a new private mapping, which is never unmapped, for this thread only.
    unsafe {
        let memory = libc::mmap(
            ptr::null_mut(),
            STACK_SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            return;
        }
        let stack = libc::stack_t {
            ss_sp: memory,
            ss_flags: 0,
            ss_size: STACK_SIZE,
        };
        libc::sigaltstack(&raw const stack, ptr::null_mut());
    }
}

/// # Safety
/// Must only be called by the kernel.
unsafe extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let thread = calls::current_thread();
    let order = Ordering::SeqCst;
    let first = HANDLING.compare_exchange(0, thread, order, order);
    if first.is_err_and(|other| other != thread) {
        // The process ends as soon as the other thread has printed its report.
        // SAFETY: both are async-signal-safe.
        unsafe { libc::sleep(2) };
    }
    // SAFETY: the kernel passes valid structs.
    let fault = unsafe { Fault::new(signal, info, context) };
    let blames_plugin = first.is_ok() && fault.report();
    fault.end(first.is_ok() && !blames_plugin);
}

/// What the kernel says about a fault.
struct Fault {
    signal: c_int,
    /// The sender, if a process sent the signal.
    sender: Option<libc::pid_t>,
    /// The address that could not be accessed; undefined if the signal was sent.
    address: usize,
    instruction: usize,
    stack: usize,
}

impl Fault {
    /// # Safety
    /// The arguments must be those of a handler with `SA_SIGINFO`.
    unsafe fn new(signal: c_int, info: *const libc::siginfo_t, context: *const c_void) -> Self {
        // SAFETY: as the caller guarantees; which field is valid depends on the code.
        let (info, (instruction, stack)) = unsafe { (&*info, registers(context)) };
        let sent = info.si_code <= 0;
        // SAFETY: as above.
        let address = unsafe { info.si_addr() }.addr();
        Self {
            signal,
            // SAFETY: as above.
            sender: sent.then(|| unsafe { info.si_pid() }),
            address,
            instruction,
            stack,
        }
    }

    /// Prints a report, and returns whether it blames a plugin.
    fn report(&self) -> bool {
        // SAFETY: it has no preconditions.
        let own = unsafe { libc::getpid() };
        let (name, meaning) = self.names();
        let exit = 128 + self.signal;
        if let Some(sender) = self.sender.filter(|sender| *sender != own) {
            let message = Message::of(format_args!("kt was ended by process {sender} with {name}"));
            let report = Report {
                id: "terminated",
                class: "internal",
                exit,
                message: &message,
                plugin: None,
            };
            report.print();
            return false;
        }
        let culprit = culprit::find(self.instruction, self.stack);
        let mut message = Message::new();
        if let Some(culprit) = &culprit {
            let plugin = culprit.plugin;
            message.push(format_args!(
                "plugin `{}` {} crashed with {name} ({meaning})",
                plugin.name, plugin.version
            ));
            culprit.add_place(&mut message);
        } else {
            message.push(format_args!(
                "kt {} crashed with {name} ({meaning}); this is a bug in kt",
                env!("CARGO_PKG_VERSION")
            ));
        }
        let blamed = culprit.as_ref().map(|culprit| culprit.plugin);
        let report = Report {
            id: if blamed.is_some() {
                "plugin-crashed"
            } else {
                "crashed"
            },
            class: if blamed.is_some() {
                "plugin"
            } else {
                "internal"
            },
            exit,
            message: &message,
            plugin: blamed,
        };
        terminal_mode::restore();
        report.print();
        if let Some(plugin) = blamed {
            journal::record_crash(plugin);
        }
        blamed.is_some()
    }

    fn names(&self) -> (&'static str, &'static str) {
        let known = SIGNALS.iter().find(|(signal, ..)| *signal == self.signal);
        let (name, meaning) =
            known.map_or(("a signal", ""), |(_, name, meaning)| (*name, *meaning));
        let distance = self.address.abs_diff(self.stack);
        let of_memory = matches!(self.signal, libc::SIGSEGV | libc::SIGBUS);
        if of_memory && self.sender.is_none() && self.stack != 0 && distance < OVERFLOW_DISTANCE {
            return (name, "stack overflow");
        }
        (name, meaning)
    }

    /// Ends the process with the signal. With `use_previous`, the action before comes
    /// first: that of the Rust runtime reports stack overflows of the host.
    fn end(&self, use_previous: bool) {
        let index = SIGNALS
            .iter()
            .position(|(signal, ..)| *signal == self.signal);
        let previous = index.and_then(|i| PREVIOUS.get(i));
        let previous = previous.map_or(ptr::null_mut(), |p| p.load(Ordering::Acquire));
        let default = zeroed_action();
        // A fault occurs again when the handler returns, so that a core dump has its
        // registers; every other signal must be sent again, which is delivered then.
        let recurs = matches!(
            self.signal,
            libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE
        );
        let is_fault = self.sender.is_none() && recurs;
        let action = if use_previous && is_fault && !previous.is_null() {
            previous.cast_const()
        } else {
            &raw const default
        };
        // SAFETY: both are async-signal-safe, and the action is valid.
        unsafe {
            libc::sigaction(self.signal, action, ptr::null_mut());
            if !is_fault {
                libc::raise(self.signal);
            }
        }
    }
}

/// Returns instruction pointer and stack pointer, or 0 if they are not known.
///
/// # Safety
/// The pointer must be that of a handler with `SA_SIGINFO`.
unsafe fn registers(context: *const c_void) -> (usize, usize) {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    {
        // SAFETY: as the caller guarantees.
        let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        let of = |index: c_int| {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            registers.get(index).map_or(0, |value| *value as usize)
        };
        (of(libc::REG_RIP), of(libc::REG_RSP))
    }
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    {
        // SAFETY: as the caller guarantees.
        let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
        (registers.pc as usize, registers.sp as usize)
    }
    #[cfg(not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )))]
    {
        let _unused = context;
        (0, 0)
    }
}
