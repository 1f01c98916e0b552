//! Memory that is free, and still held.

/// Gives it back to the system. Compiling a plugin takes several times what the plugin takes, and the C library would
/// keep the difference for as long as the daemon runs.
pub(crate) fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library offers it, and nothing safe does")]
    // SAFETY: it takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
