//! The addresses of the loaded plugins and of the host, so that a fault can be
//! attributed by its address.

use super::identity::PluginIdentity;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{
    AtomicPtr, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

/// The number of libraries that can be recorded; further ones are not.
const CAPACITY: usize = 128;

static HOST: Mapping = Mapping::new();
static PLUGINS: [Mapping; CAPACITY] = [const { Mapping::new() }; CAPACITY];

/// The addresses of an executable or a library. `end` is written last.
struct Mapping {
    start: AtomicUsize,
    end: AtomicUsize,
    plugin: AtomicPtr<PluginIdentity>,
}

impl Mapping {
    const fn new() -> Self {
        Self {
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            plugin: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn contains(&self, address: usize) -> bool {
        let end = self.end.load(Acquire);
        (self.start.load(Relaxed)..end).contains(&address)
    }

    /// Records the addresses, if they are known.
    fn set(&self, plugin: *mut PluginIdentity, address: usize) {
        if let Some((start, end)) = mapping_of(address) {
            self.plugin.store(plugin, Relaxed);
            self.start.store(start, Relaxed);
            self.end.store(end, Release);
        }
    }
}

/// Records the library of the plugin, which contains the address. Loading is serialized.
pub(crate) fn record(plugin: &'static PluginIdentity, address: *const c_void) {
    let free = |mapping: &&Mapping| mapping.end.load(Relaxed) == 0;
    if let Some(mapping) = PLUGINS.iter().find(free) {
        mapping.set(ptr::from_ref(plugin).cast_mut(), address.addr());
    }
}

/// Records the executable.
pub(super) fn record_host() {
    HOST.set(ptr::null_mut(), (record_host as *const ()).addr());
}

/// Returns whether the address is in the executable.
pub(super) fn is_host(address: usize) -> bool {
    HOST.contains(address)
}

/// Returns the plugin whose library contains the address.
pub(super) fn plugin_at(address: usize) -> Option<&'static PluginIdentity> {
    let used = PLUGINS.iter().take_while(|m| m.end.load(Relaxed) != 0);
    let mapping = used.into_iter().find(|m| m.contains(address))?;
    // SAFETY: an identity, which is never freed.
    unsafe { mapping.plugin.load(Relaxed).as_ref() }
}

/// Returns the start and the end of the object that contains the address.
#[cfg(target_os = "linux")]
fn mapping_of(address: usize) -> Option<(usize, usize)> {
    let mut search = (address, None);
    // SAFETY: the callback has the type of the documentation, and gets the pointer to
    // the tuple during this call only.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.1
}

/// Attributes by the call in progress only.
#[cfg(not(target_os = "linux"))]
fn mapping_of(_: usize) -> Option<(usize, usize)> {
    None
}

#[cfg(target_os = "linux")]
unsafe extern "C" fn visit(
    object: *mut libc::dl_phdr_info,
    _: libc::size_t,
    search: *mut c_void,
) -> libc::c_int {
    // SAFETY: the loader passes an object whose program headers it has mapped, and the
    // pointer of `mapping_of`.
    let (object, search) = unsafe {
        (
            &*object,
            &mut *search.cast::<(usize, Option<(usize, usize)>)>(),
        )
    };
    if object.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: as above.
    let headers =
        unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
    let loaded = headers.iter().filter(|h| h.p_type == libc::PT_LOAD);
    let (mut start, mut end) = (usize::MAX, 0);
    for header in loaded {
        let from = (object.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
        start = start.min(from);
        end = end.max(from.wrapping_add(header.p_memsz as usize));
    }
    if (start..end).contains(&search.0) {
        search.1 = Some((start, end));
        return 1;
    }
    0
}
