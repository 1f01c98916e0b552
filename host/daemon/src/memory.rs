//! Memory that is free but still held by the process.

/// Returns free memory to the system. Compiling a plugin takes several times the plugin's own memory, and the C library
/// would keep the difference for as long as the daemon runs.
pub(crate) fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "only the C library offers it")]
    // SAFETY: it takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
