//! Decides which plugin caused a fault, if any.

use super::calls::{self, RunningCall};
use super::identity::PluginIdentity;
use super::libraries;
use super::report::Message;

/// The number of bytes of the stack that are searched for a return address.
const SEARCHED: usize = 16 * 1024;
/// The number of words that are read at a time: alternate stacks are small.
const WORDS: usize = 32;

/// The plugin that caused a fault or called `exit`.
pub(super) struct Culprit {
    pub(super) plugin: &'static PluginIdentity,
    call: Option<RunningCall>,
    /// The thread makes the call; otherwise it is one that the plugin created.
    in_call: bool,
}

impl Culprit {
    /// Adds where it happened to a message.
    pub(super) fn add_place(&self, message: &mut Message) {
        if self.in_call {
            message.push(format_args!(" in "));
        } else {
            message.push(format_args!(" in a thread of its own"));
        }
        if let Some(call) = &self.call {
            let during = if self.in_call { "" } else { ", during " };
            message.push(format_args!("{during}{}", call.what));
        }
    }
}

/// Returns the plugin, if it is one, by the address of the instruction, the stack pointer and the calls
/// of the thread. Both are 0 if they are not known.
pub(super) fn find(instruction: usize, stack: usize) -> Option<Culprit> {
    let thread = calls::current_thread();
    if let Some(plugin) = libraries::plugin_at(instruction) {
        return Some(of_plugin(plugin, thread));
    }
    if libraries::is_host(instruction) {
        return None;
    }
    // The code of another library, such as `abort` of the C library: the caller counts.
    let plugin = match calls::innermost(thread) {
        Some(call) => call.plugin,
        None => on_stack(stack),
    };
    plugin.map(|plugin| of_plugin(plugin, thread))
}

fn of_plugin(plugin: &'static PluginIdentity, thread: usize) -> Culprit {
    let call = calls::of_plugin(plugin, thread);
    Culprit {
        plugin,
        call,
        in_call: call.is_some_and(|call| call.is_of(thread)),
    }
}

/// Returns the plugin of the first return address on the stack of a thread that the
/// host has not started.
#[cfg(target_os = "linux")]
fn on_stack(stack: usize) -> Option<&'static PluginIdentity> {
    let size = WORDS * size_of::<usize>();
    let parts = (0..SEARCHED / size).map(|part| words_at(stack + part * size));
    let mut parts = parts.take_while(Option::is_some).flatten();
    parts.find_map(|words| words.into_iter().find_map(libraries::plugin_at))
}

/// Reads words of the stack, unless it ends before.
#[cfg(target_os = "linux")]
fn words_at(address: usize) -> Option<[usize; WORDS]> {
    let mut words = [0_usize; WORDS];
    let local = libc::iovec {
        iov_base: words.as_mut_ptr().cast(),
        iov_len: size_of_val(&words),
    };
    let remote = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(address),
        iov_len: size_of_val(&words),
    };
    // The kernel copies, because a stack may end anywhere.
    // SAFETY: the buffer is writable, and the kernel checks the other range.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    (read > 0).then_some(words)
}

#[cfg(not(target_os = "linux"))]
fn on_stack(_: usize) -> Option<&'static PluginIdentity> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::{calls, identity::PluginIdentity, libraries};
    use super::find;

    fn blamed(instruction: usize) -> Option<&'static str> {
        Some(find(instruction, 0)?.plugin.name.as_str())
    }

    #[test]
    fn a_fault_is_blamed_on_the_innermost_plugin_and_never_for_the_host() {
        libraries::record_host();
        let in_host = (PluginIdentity::named as *const ()).addr();
        let in_libc = (libc::abort as *const ()).addr();
        assert_eq!(blamed(in_libc), None);
        let outer = calls::enter(
            PluginIdentity::named("outer"),
            0,
            format_args!("command `a`"),
        );
        assert_eq!(blamed(in_libc), Some("outer"));
        assert_eq!(blamed(in_host), None);
        let callback = calls::enter_host();
        assert_eq!(blamed(in_libc), None);
        let inner = calls::enter(
            PluginIdentity::named("inner"),
            0,
            format_args!("method `b`"),
        );
        assert_eq!(blamed(in_libc), Some("inner"));
        drop((inner, callback));
        assert_eq!(blamed(in_libc), Some("outer"));
        drop(outer);
        assert_eq!(blamed(in_libc), None);
        // A library of a plugin, in a thread that makes no call.
        libraries::record(
            PluginIdentity::named("mapped"),
            std::ptr::without_provenance(in_libc),
        );
        std::thread::scope(|scope| {
            let other = scope.spawn(|| blamed(in_libc));
            assert_eq!(other.join().unwrap(), Some("mapped"));
        });
    }
}
