//! Memory that was freed, and that the allocator keeps.

/// Returns memory that was freed to the system.
///
/// The allocator of the C library keeps it for later, and gives it back only from the end of the
/// heap: one block that is in use there keeps everything before it. A server calls this when much
/// less is in use than before. It takes some milliseconds for each 100 MB. Does nothing where the
/// C library is not glibc.
pub fn release_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            /// malloc_trim(3).
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: it has no preconditions, and locks the heaps that other threads use.
        let _released = unsafe { malloc_trim(0) };
    }
}
